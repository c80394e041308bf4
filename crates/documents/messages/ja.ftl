### 日本語. Keys stand in the same order in every language; クレジット is credits, カード is a card.

## Receipts

receipt-title = 領収書
receipt-copy = 写し
receipt-number = 領収書番号
receipt-date = 発行日
receipt-acknowledgement = 下記のとおり領収いたしました。
receipt-addressee = 宛名
receipt-addressee-name = { $name } 様
receipt-seller = 発行者
receipt-tax-code = 納税者番号：{ $code }
receipt-registration-number = 登録番号：{ $number }
receipt-contact = 連絡先：{ $contact }
receipt-total = お支払い合計
receipt-total-tax-included = お支払い合計（税込）
receipt-in-words = 金額の読み
receipt-description = 内容
receipt-quantity = 数量
receipt-amount = 金額
receipt-tax = 税の種類
receipt-tax-rate = 税率
receipt-tax-base = 税抜
receipt-tax-amount = 税額
receipt-details = お支払い
receipt-method = 支払い方法
receipt-credits = 付与クレジット
receipt-expiry = 有効期限
receipt-rate = 為替レート
receipt-rate-value = 1 { $from } = { $rate } { $to }（{ $source }、{ $date }）
receipt-reference = 参照番号
receipt-recipient = 送付先
receipt-notes = 備考
receipt-zone = 日時の基準：{ $zone }
receipt-page = { $page } / { $pages } ページ

## Tables as files

sheet-summary = 概要
sheet-account = アカウント
sheet-period = 期間
sheet-period-start = 最初
sheet-zone = タイムゾーン
sheet-unit = 単位
sheet-made = 作成日時
sheet-filter-none = すべて
sheet-count = 件数
sheet-total = 合計
sheet-note-rounded = セルの桁数（15桁）を超える金額：{ $count }件。CSVファイルにはすべての桁があります。

## Credit history

history-title = クレジット履歴
history-sheet-entries = 明細
history-date = 日時（{ $zone }）
history-service = サービス
history-source = 残高の種類
history-type = 種別
history-description = 内容
history-reference = バウチャーコード・参照番号
history-status = ステータス
history-amount = 金額（{ $unit }）
history-balance = 残高（{ $unit }）
history-entry = 明細ID
history-in = 増加
history-out = 減少
history-net = 増減
history-opening = 期首残高
history-closing = 期末残高
history-pending = うち有効期間の開始前
history-note-order = 明細は新しい順です。
history-note-reconciled = 期首残高＋増減＝期末残高。残高には有効期間の開始前のクレジットも含まれます。
history-note-filtered = 絞り込んだ一覧です。残高の列は各明細の後のアカウント全体の残高です。
history-kind-open = アカウントの開設
history-kind-configure = 条件の変更
history-kind-grant = クレジットの追加
history-kind-debit = 利用
history-kind-adjustment = 残高調整
history-kind-hold = 保留
history-kind-capture = 利用（保留分）
history-kind-release = 保留の解除
history-kind-hold_expiry = 保留の期限切れ
history-kind-hold_extension = 保留の延長
history-kind-reversal = 利用の取り消し
history-kind-expiry = 期限切れ
history-kind-void = 取り消し
history-kind-expiry_change = 有効期限の変更
history-kind-repayment = マイナス残高の精算
history-kind-clawback = 支払いの取り消しによる回収
history-kind-reinstatement = 回収の取り消し
history-source-manual = 付与
history-source-setup = 初期付与
history-source-top_up = チャージ
history-source-voucher = バウチャー
history-source-subscription = プラン
history-source-overdraft = マイナス残高
history-status-posted = 確定
history-status-partly_reversed = 一部取り消し済み
history-status-reversed = 取り消し済み

## Payment history

payments-title = お支払い履歴
payments-sheet-entries = お支払い
payments-date = 日時（{ $zone }）
payments-paid = 支払額
payments-currency = 通貨
payments-received = 受取額（{ $unit }）
payments-returned = 返金・異議申し立て
payments-method = 支払方法
payments-status = ステータス
payments-recipient = 送付先メールアドレス
payments-receipt = 領収書番号
payments-payment = お支払いID
payments-note-order = お支払いは新しい順です。
payments-note-paid = 支払額と返金額は右の列の通貨です。合計に含まれるのは成功したお支払いだけです。
payments-status-success = 成功
payments-status-pending = 処理中
payments-status-failed = 失敗

## Vouchers

vouchers-title = バウチャー
vouchers-sheet-entries = バウチャー
vouchers-code = バウチャーコード
vouchers-description = 内容
vouchers-added = 追加日時（{ $zone }）
vouchers-effective = 利用開始
vouchers-expiry = 有効期限
vouchers-remaining = 残り（{ $unit }）
vouchers-total = 総額（{ $unit }）
vouchers-products = 対象サービス
vouchers-every-product = すべて
vouchers-status = ステータス
vouchers-search = 検索
vouchers-voucher = バウチャーID
vouchers-note-order = バウチャーは新しい順です。
vouchers-status-valid = 有効
vouchers-status-expired = 期限切れ
vouchers-status-revoked = 取り消し済み
vouchers-status-used = 使用済み

## Charts

chart-usage-title = サービス別の日次利用額
chart-usage-desc = { $from }～{ $to }の合計は{ $total }。最も多い日は{ $day }の{ $most }。
chart-usage-none = { $from }～{ $to }の利用はありません。
chart-usage-empty = 表示する日がありません。
chart-usage-others = その他のサービス
chart-usage-unnamed = サービスの指定なし
chart-balance-title = 残高の内訳
chart-balance-desc = { $parts }
chart-balance-other = 付与・その他

## Letters

mail-open = { $brand }を開く
mail-footer-automatic = このメールは{ $brand }から自動送信されています。
mail-footer-account = アカウント：{ $account }
mail-footer-zone = 日時の基準：{ $zone }
mail-footer-alerts = 受け取るメールは、アカウントの設定で変更できます。
mail-copy-link = ボタンが使えない場合は、次のアドレスをコピーしてください：{ $url }
mail-label-reference = 参照番号
mail-label-paid = お支払い金額
mail-label-charge = 金額
mail-label-credits = 付与クレジット
mail-label-expiry = 有効期限
mail-label-refunded = 返金額
mail-label-taken = 取り消したクレジット
mail-label-available = 利用可能残高
mail-label-threshold = お知らせする残高
mail-label-owed = マイナス残高
mail-label-since = 発生日時
mail-label-plan = プラン
mail-label-period-end = 期間の終了
mail-label-next-try = 次回の請求
mail-label-grace = プランの継続期限
mail-label-sent = 送信日時
mail-expiry-never = なし
mail-add-credit = クレジットを追加
mail-test-subject = { $brand }からのテストメール
mail-test-lead = このメールが読めれば、メールは正しく届いています。
mail-sign-in-subject = { $brand }へのサインイン
mail-sign-in-lead = 次のリンクからサインインしてください。{ $time }まで、1回だけ使えます。
mail-sign-in-action = サインイン
mail-sign-in-note = お心当たりのない場合は、このメールを無視してください。リンクを知る人は誰でもサインインできるため、転送しないでください。
mail-invitation-subject = { $inviter } 様から{ $brand }への招待
mail-invitation-lead = { $inviter } 様が、{ $account }に{ $role }として参加するようあなたを招待しています。
mail-invitation-action = 招待を受ける
mail-invitation-note = 招待の有効期限は{ $time }です。送信者に心当たりのない場合は、このメールを無視してください。
mail-role-owner = オーナー
mail-role-billing = 請求担当
mail-role-viewer = 閲覧者
mail-password-subject = { $brand }のパスワードが変更されました
mail-password-lead = { $time }にパスワードが設定または変更されました。
mail-password-note = お心当たりのない場合は、すぐにメールのリンクからサインインして新しいパスワードを設定し、ご連絡ください。
mail-paid-subject = お支払いを受け付けました：{ $charged }
mail-paid-lead = { $credited }を残高に追加しました。
mail-paid-thanks = お支払いを受け付けました。ありがとうございます。
mail-paid-automatic = このお支払いは、ご同意に基づき自動で行われました。
mail-paid-receipt = 領収書 { $number } を添付しています。
mail-failed-subject = お支払いが完了していません：{ $charge }
mail-failed-lead = { $charge }のお支払いは完了しませんでした。クレジットは追加されていません。
mail-failed-late = 銀行の明細に請求がある場合も、再度お支払いにならないでください。決済サービスの確認が取れ次第、残高に追加されます。
mail-reason-declined = 銀行または決済サービスで承認されませんでした。別のカードや支払い方法を使うか、銀行にお問い合わせください。
mail-reason-cancelled = 完了前にキャンセルされました。いつでもやり直せます。
mail-reason-timed-out = 時間内に支払われませんでした。いつでもやり直せます。
mail-reason-maintenance = 銀行がメンテナンス中です。時間をおくか、別の支払い方法をお使いください。
mail-reason-wrong-code = ワンタイムパスワードまたは入力内容に誤りがありました。確認のうえ、やり直してください。
mail-reason-limit = 口座またはカードの1日の限度額に達しました。明日以降にやり直すか、別の支払い方法をお使いください。
mail-reason-funds = 口座またはカードの残高が不足していました。別のカードや支払い方法をお使いください。
mail-reason-other = 決済サービスから理由は示されていません。やり直すか、別の支払い方法をお使いください。
mail-review-subject = お支払いを確認しています：{ $charge }
mail-review-lead = { $charge }のお支払いを確認しています。確認が取れ次第、クレジットを追加します。
mail-review-note = 再度お支払いにならないでください。
mail-refund-subject = 返金のお知らせ：{ $refunded }
mail-refund-lead = { $refunded }を、お支払いに使われた方法へ返金します。
mail-refund-note = 明細に反映されるまで数日かかることがあります。
mail-low-subject = 残高が少なくなっています：{ $available }
mail-low-lead = 利用可能残高が{ $threshold }を下回りました。
mail-low-note = 残高がなくなると、クレジットを使うサービスが停止することがあります。
mail-depleted-subject = 残高がなくなりました
mail-depleted-lead = 利用できるクレジットがありません。追加されるまで、クレジットを使うサービスが停止することがあります。
mail-negative-subject = マイナス残高：{ $owed }
mail-negative-lead = { $date }から残高がマイナスになっています。
mail-negative-note = 次のチャージは、まず{ $owed }の精算に充てられます。
mail-expiring-subject =
    { $days ->
        [0] 本日期限切れになるクレジットがあります
        [1] 明日期限切れになるクレジットがあります
       *[other] { $days }日以内に期限切れになるクレジットがあります
    }
mail-expiring-lead =
    { $days ->
        [0] 次のクレジットは、使われなければ本日期限切れになります。
        [1] 次のクレジットは、使われなければ明日までに期限切れになります。
       *[other] 次のクレジットは、使われなければ{ $days }日以内に期限切れになります。
    }
mail-expiring-note = 有効期限の日の終わりまで使えます。
mail-expiring-lot = { $source }（{ $date }まで）
mail-period-subject = { $plan }：新しい期間が始まりました
mail-period-lead = この期間の分として、{ $credited }を残高に追加しました。
mail-period-renews = プランは期間の終了時に更新されます。
mail-period-ends = プランはこの期間で終了します。
mail-renewal-subject = { $plan }：お支払いができませんでした
mail-renewal-lead = プランの料金{ $charge }のお支払いができませんでした。
mail-renewal-again = もう一度請求します。それまでにカードをご確認ください。
mail-renewal-last = これ以上の自動請求は行いません。プランを続けるには、お支払いまたはカードの変更をお願いします。
mail-change-subject = { $from }：変更の予定があります
mail-change-lead = { $date }から、プランが{ $from }から{ $to }に変わります。
mail-change-ends-subject = { $from }は終了します
mail-change-ends-lead = プラン{ $from }は{ $date }に終了し、更新されません。
mail-ended-subject = { $plan }は終了しました
mail-ended-cancelled = プラン{ $plan }は、解約により終了しました。
mail-ended-unpaid = プラン{ $plan }は、お支払いがなかったため終了しました。
mail-ended-replaced = プラン{ $plan }は終了し、別のプランに切り替わりました。
mail-ended-other = プラン{ $plan }は終了しました。

## Portal

portal-skip = 本文へ移動
portal-test-mode = テストモード：実際のお金は動きません
portal-menu = メニュー
portal-nav = メインナビゲーション
portal-nav-overview = 概要
portal-nav-history = クレジット履歴
portal-nav-payments = 支払い履歴
portal-nav-settings = 設定
portal-language = 言語
portal-account-menu = アカウントメニュー
portal-other-accounts = ほかのアカウント
portal-sign-in = サインイン
portal-sign-out = サインアウト
portal-signed-out = サインアウトしました
portal-help = ヘルプ
portal-close = 閉じる
portal-add-credit = クレジットを追加
portal-change = 変更
portal-save = 保存
portal-save-go-on = 保存して次へ
portal-optional = 任意
portal-choose = 選択してください
portal-date = 日付
portal-status = ステータス
portal-amount = 金額
portal-reference = 参照番号
portal-copy = コピー
portal-copied = コピーしました
portal-pages = ページ
portal-newest = 最新へ
portal-older = 以前のもの
portal-new = 新着
portal-problem = 問題を報告
portal-problem-subject = { $id } について
portal-mistakes =
    { $count ->
       *[other] { $shown }件の入力を確認してください
    }
portal-balance = 残高
portal-balance-low = 残りわずか
portal-balance-expiring = まもなく期限切れ
portal-balance-blocked = 利用停止中
portal-balance-unknown = 残高を表示できません
portal-balance-unknown-text = 現在読み取ることができません。残高に変更はありません。しばらくしてからもう一度お試しください。
portal-balance-last = 現在読み取ることができません。{ $time } 時点では { $amount } でした。
portal-total = 総残高
portal-as-of = 現在時点：
portal-part-top-up = チャージ残高
portal-part-voucher = バウチャー残高
portal-part-plan = プラン残高
portal-part-granted = 付与残高
portal-held = 保留中の残高
portal-available = 利用可能残高
portal-overdraft = マイナス残高
portal-alert-closed = このアカウントは閉鎖されています
portal-alert-closed-text = 購入も利用もできません。お心当たりがない場合はお問い合わせください。
portal-alert-blocked = クレジットがありません
portal-alert-blocked-text = クレジットを追加するまで新しい利用はできません。保存済みのデータはそのままです。
portal-alert-low = 残高が少なくなっています
portal-alert-low-text = 利用が止まらないように、早めにクレジットを追加してください。
portal-alert-overdraft = 残高がマイナスです
portal-alert-overdraft-text = 次回のチャージは、まず { $amount } の精算に充てられます。
portal-overview-empty = クレジットはまだありません
portal-overview-empty-text = クレジットを追加すると、残高、有効期限、すべての増減がここに表示されます。
portal-lots = 有効期限別のクレジット
portal-lots-none = 残りはありません。
portal-lots-order = プラン、バウチャー、付与、チャージの順に、それぞれ期限の近いものから使われます。
portal-lots-more =
    { $count ->
       *[other] ほか{ $shown }件
    }
portal-pending-more =
    { $count ->
       *[other] ほかに進行中のお支払い{ $shown }件
    }
portal-lot-never = 有効期限なし
portal-lot-ends = { $date } まで（{ $away }）
portal-lot-begins = { $date } から
portal-lot-scope = 対象：
portal-latest = 最近の増減
portal-latest-all = すべて表示
portal-filter-all = すべて
portal-source = 残高の種類
portal-type = 種別
portal-service = サービス
portal-description = 内容
portal-in = 増加
portal-out = 減少
portal-net = 差引
portal-sum = 合計
portal-range-start = 最初
portal-filter = 絞り込み
portal-filters = 適用中の条件
portal-filter-apply = 適用
portal-filter-clear = 条件をクリア
portal-filter-remove = 条件を外す：
portal-filter-from = 開始日
portal-filter-to = 終了日
portal-since = { $date } から
portal-until = { $date } まで
portal-range = 期間：{ $from } ～ { $to }
portal-this-month = 今月
portal-last-month = 先月
portal-fiscal-year = 会計年度
portal-export-excel = Excelで出力
portal-export-csv = CSV
portal-history-count =
    { $count ->
       *[other] { $shown }件
    }
portal-history-empty = まだ増減はありません
portal-history-empty-text = チャージ、バウチャー、利用が、その後の残高とともにここに表示されます。
portal-history-no-match = 該当するものがありません
portal-history-no-match-text = 増減はありますが、すべての条件に合うものがありません。
portal-balance-after = 残高
portal-status-pending = 未発効
portal-rounding = 残高は通貨の最小単位で切り捨てて表示します。正確な金額は各明細にあります。未発効のクレジットは合計に含まれません。
portal-entry-booked = 記帳日時
portal-entry-dated = 発生日時
portal-entry-resource = リソース
portal-entry-expires = 有効期限
portal-entry-reference = お客様の参照番号
portal-entry-by = 操作者
portal-entry-request = リクエストID
portal-entry-id = 明細ID
portal-entry-payment = 支払い
portal-entry-earlier = 関連する明細
portal-entry-pricing = 料金の内訳
portal-entry-lots = 増減したクレジット
portal-meter = 計測項目
portal-quantity = 数量
portal-billed = 課金数量
portal-unit-price = 単価
portal-price-version = 料金表の版
portal-actor-key = APIキー
portal-actor-member = メンバー
portal-actor-operator = 運営者
portal-actor-gateway = 支払い
portal-actor-system = 自動
portal-paid = 支払額
portal-received = 受取額
portal-receipt = 領収書
portal-receipt-pdf = PDF
portal-receipt-download = 領収書（PDF）
portal-receipt-copy = 写しを発行
portal-payments-empty = 支払いはまだありません
portal-payments-empty-text = 支払いと領収書がここに表示されます。
portal-payments-no-match = 該当するものがありません
portal-payments-no-match-text = お支払いはありますが、すべての条件に合うものがありません。
portal-status-under-way = 進行中
portal-payments-refunded = { $amount } 返金済み
portal-state-awaiting = 支払い待ち
portal-state-confirming = 確認中
portal-state-unknown = 銀行に確認中
portal-state-review = 審査中
portal-state-succeeded = 成功
portal-state-failed = 失敗
portal-state-expired = 期限切れ
portal-state-partly-refunded = 一部返金済み
portal-state-refunded = 返金済み
portal-state-disputed = チャージバック申し立て中
portal-state-dispute-won = 申し立て却下
portal-state-dispute-lost = 申し立て承認
portal-payment-awaiting = お支払いをお待ちしています
portal-payment-awaiting-text = 決済ページでお支払いください。お支払い済みの場合は、まもなくこの画面に反映されます。
portal-payment-confirming = お支払いを確認しています
portal-payment-confirming-text = 決済サービスが受け付け、確定を待っています。確定後、クレジットは自動で追加されます。
portal-payment-unknown = 銀行に確認しています
portal-payment-unknown-text = 引き落としの有無がまだ確定していません。確定するまで確認を続けます。
portal-payment-review = お支払いは審査中です
portal-payment-review-text = 決済サービスが確認しています。1営業日ほどかかることがあります。決まり次第メールでお知らせします。
portal-payment-succeeded = { $amount } を追加しました
portal-payment-succeeded-text = お支払いを確認しました。クレジットはすぐにご利用いただけます。
portal-payment-failed = お支払いを完了できませんでした
portal-payment-failed-text = 請求は発生していません。
portal-payment-expired = お支払い期限が過ぎました
portal-payment-expired-text = 請求は発生していません。万一引き落とされた場合は、決済サービスからの通知後に自動で追加されます。
portal-payment-partly-refunded = 一部を返金しました
portal-payment-partly-refunded-text = その分のクレジットは取り消されました。
portal-payment-refunded = このお支払いは返金されました
portal-payment-refunded-text = 残っていたクレジットは取り消されました。
portal-payment-disputed = このお支払いは申し立て中です
portal-payment-disputed-text = カード会社の判断が出るまで、クレジットは停止されています。その間、新たなお支払いはできません。
portal-payment-dispute-won = 申し立ては終了しました
portal-payment-dispute-won-text = お支払いは有効とされ、クレジットは戻されました。
portal-payment-dispute-lost = 申し立ては終了しました
portal-payment-dispute-lost-text = お支払いは返金され、クレジットは取り消されました。
portal-do-not-pay-again = 再度お支払いにならないでください。
portal-reason-canceled = お客様がキャンセルしました。いつでもやり直せます。
portal-reason-timed-out = 決済ページの時間切れです。認証コードをご用意のうえ、もう一度お試しください。
portal-reason-funds = お支払い元の残高が不足しています。別の口座、または少ない金額でお試しください。
portal-reason-limit = 本日の利用限度額に達しました。明日お試しになるか、別の方法でお支払いください。
portal-reason-maintenance = 銀行がメンテナンス中です。後ほどお試しになるか、別の方法でお支払いください。
portal-reason-code = 認証コードの誤りが続きました。最初からやり直し、最新のコードを入力してください。
portal-reason-no-banking = このカードまたは口座ではオンライン決済が有効になっていません。銀行で有効にするか、別のものをお使いください。
portal-reason-locked = カードまたは口座がロックされています。銀行にご確認になるか、別のものをお使いください。
portal-reason-declined = カード会社または銀行に承認されませんでした。理由をご確認になるか、別の方法でお支払いください。
portal-reason-gateway = 決済サービスに接続できませんでした。数分後にお試しになるか、別の方法でお支払いください。
portal-reason-other = もう一度お試しになるか、別の方法でお支払いください。続く場合は参照番号を添えてお問い合わせください。
portal-payment-continue = お支払いに進む
portal-payment-check = 今すぐ確認
portal-payment-open = 詳細を表示
portal-payment-retry = もう一度試す
portal-payment-details = 詳細
portal-payment-steps = 経過
portal-payment-method = 支払い方法
portal-payment-began = 開始
portal-payment-paid-at = 追加日時
portal-payment-refunded-amount = 返金額
portal-payment-disputed-amount = 申し立て額
portal-payment-gateway-reference = 決済サービスの参照番号
portal-payment-mail = この画面は閉じてもかまいません。確定したら { $email } にお知らせします。
portal-payable-until = 支払い期限：
portal-time-left = 残り時間：
portal-age-now = たった今
portal-age-minutes =
    { $count ->
       *[other] { $shown }分前
    }
portal-age-hours =
    { $count ->
       *[other] { $shown }時間前
    }
portal-age-days =
    { $count ->
       *[other] { $shown }日前
    }
portal-hand-off = { $gateway } でお支払い
portal-hand-off-go = { $gateway } に進む
portal-hand-off-code = 銀行からワンタイムパスワードを求められることがあります。携帯電話をご用意のうえ、この画面を開いたままにしてください。
portal-hand-off-back = お支払い後はこちらに戻ります。途中で閉じても問題ありません。結果は自動で確認します。
portal-hand-off-english = VNPayのページは英語で表示されます。
portal-hand-off-paid = 支払いを終えました
portal-card = カードでお支払い
portal-card-scripts = カード番号はStripeに直接送信されるため、スクリプトが必要です。この画面で有効にするか、別の方法をお選びください。
portal-gateway-away = 決済サービスに接続できません
portal-gateway-away-text = 請求は発生していません。しばらくしてからお試しになるか、別の方法をお選びください。
portal-amount-own = その他の金額
portal-amount-bounds = { $least } ～ { $most }
portal-amount-empty = 金額を入力するか、選択してください。
portal-amount-malformed = { $example } のように数字で入力してください。
portal-amount-currency = このアカウントの通貨（{ $unit }）で入力してください。
portal-amount-ambiguous = { $one } ですか、{ $other } ですか。区切りなしで入力してください。
portal-amount-ambiguous-one = { $one } ですか。区切りなしで入力してください。
portal-amount-ambiguous-none = 複数の読み方ができます。区切りなしで入力してください。
portal-amount-too-large = アカウントの上限を超えています。
portal-amount-minimum = 最低金額は { $amount } です。
portal-amount-maximum = 上限金額は { $amount } です。
portal-amount-unpayable = この金額はこの方法では支払えません。別の金額をお選びください。
portal-too-many-quotes = 本日の見積もり回数が上限に達しました。明日お試しください。
portal-method-missing = 支払い方法を選択してください。
portal-method-other = この金額ではこの方法を利用できません。別の方法をお選びください。
portal-method-off-switch = 現在ご利用いただけません。別の方法をお使いになるか、後ほどお試しください。
portal-method-off-rate = 現在の為替レートがありません。別の方法をお使いになるか、後ほどお試しください。
portal-method-off-gateway = こちらでは設定されていません。別の方法をお使いください。
portal-method-vnpay = VNPay
portal-method-vnpay-about = ベトナムの銀行口座、国内カード、QR。数分で反映
portal-method-paypal = PayPal
portal-method-paypal-about = PayPal残高またはPayPalのカード払い。数分で反映
portal-method-stripe = カード
portal-method-saved_card = 登録済みカード
portal-method-stripe-about = クレジットカード、デビットカード。すぐに反映
portal-rate = 1 { $base } = { $rate } { $quote }（{ $source }、{ $date }）
portal-earlier-open = 以前のお支払いが確定していません
portal-earlier-open-text = 引き落としの有無が確定していません。再度お支払いになる前にお待ちください。
portal-no-method = 現在、購入できる方法がありません
portal-no-method-text = このアカウントで利用できる支払い方法がありません。お支払い方法についてお問い合わせください。
portal-review-go = 次へ
portal-review = 内容の確認とお支払い
portal-review-back = 金額・方法を変更
portal-review-next = 次の画面で決済サービスのページに進みます。
portal-you-pay = お支払い合計
portal-you-receive = 受け取るクレジット
portal-fee = 手数料
portal-fee-none = なし
portal-exchange-rate = 為替レート
portal-quote-until = レートの有効期限
portal-quote-again = 新しい見積もりを取得
portal-pay-when = 支払い時期
portal-pay-when-text = 次の画面で即時
portal-arrives = 提供時期
portal-arrives-text = お支払いの確認後すぐ（通常は数分以内）
portal-credits-until = { $date }
portal-credits-never = 有効期限はありません
portal-addressee = 宛名
portal-addressee-hint = 領収書に記載される名称です。
portal-terms = 同意事項
portal-agree = 同意する
portal-agree-missing = 購入には同意が必要です。同意する場合はチェックを入れてください。
portal-pay = { $amount } を支払う
portal-refused-quote-expired = 見積もりの有効期限が切れました
portal-refused-quote-expired-text = 請求は発生していません。新しい見積もりをご確認ください。
portal-refused-terms-changed = 規約が変更されました
portal-refused-terms-changed-text = 請求は発生していません。現在の内容をご確認のうえ、同意してください。
portal-refused-method = この方法は現在利用できません
portal-refused-method-text = 請求は発生していません。別の方法をお選びください。
portal-refused-earlier-open = 以前のお支払いが確定していません
portal-refused-earlier-open-text = 追加の請求は発生していません。以前のお支払いの確定をお待ちください。
portal-refused-dispute = 申し立て中のお支払いがあります
portal-refused-dispute-text = 結果が出るまで購入できません。
portal-refused-closed = このアカウントは閉鎖されています
portal-refused-closed-text = 購入できません。
portal-refused-gateway = 決済サービスが応答しませんでした
portal-refused-gateway-text = 請求は発生していません。もう一度お試しになるか、別の方法をお選びください。
portal-refused-too-many = 試行回数が多すぎます
portal-refused-too-many-text =
    { $count ->
       *[other] 請求は発生していません。{ $shown }分後にお試しください。
    }
portal-refused-daily-limit = 1日の上限に達しました
portal-refused-daily-limit-text =
    { $count ->
       *[other] 請求は発生していません。金額を減らすか、{ $shown }分後にお試しください。
    }
portal-billing = 請求先情報
portal-billing-why = 領収書に記載されます。ご入力は一度だけです。後の変更は以後の領収書に反映されます。
portal-billing-unit = このアカウントの通貨は { $unit } です。開設時に選択され、変更できません。
portal-billing-none = 未入力です。最初の購入前にご入力いただきます。
portal-billing-changed = ほかの人が変更しました
portal-billing-changed-text = 入力内容は残っています。もう一度保存すると、先の変更を置き換えます。
portal-refresh-fields = 選択に合わせて項目を表示
portal-payer-kind = 請求先の種類
portal-personal = 個人
portal-company = 法人
portal-full-name = 氏名
portal-company-name = 会社名
portal-country = 国・地域
portal-currency = 通貨
portal-email = メールアドレス
portal-recipient-email = 領収書の送付先メール
portal-recipient-email-hint = 上記と異なる場合にご入力ください。
portal-address = 住所
portal-address-postal_code = 郵便番号
portal-address-prefecture = 都道府県
portal-address-street = 番地・通り
portal-address-street-jp = 町名・番地
portal-address-building = 建物名・部屋番号
portal-address-ward = 区・村
portal-address-province = 省・中央直轄市
portal-address-line1 = 住所1
portal-address-line2 = 住所2
portal-address-city = 市区町村
portal-address-city-jp = 市区町村
portal-address-region = 州・地域
portal-tax-code = 納税者番号
portal-tax-code-vn = 納税者番号（MST）
portal-tax-code-vn-hint = 領収書に記載する場合は12桁の個人番号。
portal-tax-code-vn-company-hint = 10桁。支店は 0312687878-001 の形式。
portal-tax-code-jp = 登録番号（T＋13桁）
portal-tax-code-jp-hint = Tと13桁の数字。
portal-tax-code-eu = VAT番号
portal-tax-code-eu-hint = DE123456789 のように国コードを付けてください。
portal-missing = { $field }を入力してください。
portal-invalid-email = name@example.com のようなメールアドレスを入力してください。
portal-invalid-country = 対象の国・地域を選択してください。
portal-invalid-postal-jp = 150-0001 のように7桁で入力してください。
portal-invalid-tax = 番号をご確認ください。国コードがある場合は付けてください。
portal-invalid-tax-vn = 納税者番号をご確認ください。10桁、支店付き、または個人の12桁です。
portal-invalid-tax-jp = T7000012050002 のように、Tと13桁の数字を入力してください。
portal-invalid-line = 1行で、制御文字を含まず、短めに入力してください。
portal-display = 言語とタイムゾーン
portal-zone = タイムゾーン
portal-zone-usual = アカウントの設定（{ $zone }）
portal-sample = 表示例：
portal-access = サインイン
portal-password = パスワード
portal-password-new = 新しいパスワード
portal-password-hint = { $least }文字以上。15文字以上を推奨します。パスワード管理ツールからの貼り付けもできます。
portal-password-refused = 別のパスワードにしてください。短すぎる、長すぎる、またはよく使われるものです。
portal-password-set = パスワードを設定
portal-password-change = パスワードを変更
portal-password-use = パスワードでサインイン
portal-password-wrong = メールアドレスとパスワードの組み合わせが正しくありません。
portal-sessions = サインイン中の端末
portal-session-this = この端末
portal-sessions-end = ほかのセッションをすべて終了
portal-browser-unknown = 不明なブラウザ
portal-saved-billing = 請求先情報を保存しました
portal-saved-billing-doubt = 保存しました。登録番号が法人番号と一致しません。個人事業主の場合は問題ありません。そうでない場合は入力をご確認ください。
portal-saved-display = 言語とタイムゾーンを保存しました
portal-saved-password = パスワードを保存し、ほかのセッションを終了しました
portal-saved-sessions = ほかのセッションを終了しました
portal-link-send = サインインリンクをメールで受け取る
portal-link-why = パスワードは不要です。リンクは一度だけ、短時間有効です。
portal-link-sent = メールをご確認ください
portal-link-sent-text =
    { $count ->
       *[other] 登録されているアドレスの場合、リンクをお送りしました。{ $shown }分間有効です。
    }
portal-link-again = 新しいリンクを受け取る
portal-link-continue = サインインして続ける
portal-link-join = 招待が届いています
portal-link-who = { $email } としてサインインします。
portal-link-invalid = このリンクは使えません
portal-link-invalid-text = 使用済み、期限切れ、または不完全です。新しいリンクを受け取ってください。
portal-error-not-found = ページが見つかりません
portal-error-not-found-text = アドレスが間違っているか、サインイン中のアカウントでは表示できないページです。
portal-error-forbidden = この操作を行う権限がありません
portal-error-forbidden-text = アカウントのオーナーに操作または権限の変更を依頼してください。
portal-error-stale = フォームの有効期限が切れました
portal-error-stale-text = サインインし直した可能性があります。変更は行われていません。ページを開き直してもう一度お試しください。
portal-error-unreadable = リクエストを読み取れません
portal-error-unreadable-text = ページを開き直してもう一度お試しください。
portal-error-busy = 試行回数が多すぎます
portal-error-busy-text =
    { $count ->
       *[other] { $shown }秒待ってからもう一度お試しください。
    }
portal-error-unavailable = 現在ご利用いただけません
portal-error-unavailable-text = 変更は行われていません。しばらくしてからもう一度お試しください。
portal-error-internal = こちらで問題が発生しました
portal-error-internal-text = 記録しました。繰り返す場合は、下の参照番号をお知らせください。
portal-error-no-account = 所属するアカウントがありません
portal-error-no-account-text = オーナーに招待を依頼するか、別のアドレスでサインインしてください。
portal-error-again = もう一度試す
portal-error-home = 概要へ
portal-error-reference = 参照番号：
