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
