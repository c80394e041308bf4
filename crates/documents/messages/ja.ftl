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
