### Tiếng Việt. Keys stand in the same order in every language; "credit" and "số dư", not "tín dụng", which is lending.

## Receipts

receipt-title = Biên nhận thanh toán
receipt-copy = Bản sao
receipt-number = Số biên nhận
receipt-date = Ngày lập
receipt-acknowledgement = Chúng tôi đã nhận khoản thanh toán dưới đây. Xin cảm ơn.
receipt-addressee = Tên người mua
receipt-addressee-name = { $name }
receipt-seller = Đơn vị phát hành
receipt-tax-code = Mã số thuế: { $code }
receipt-registration-number = Số đăng ký hóa đơn (Nhật Bản): { $number }
receipt-contact = Liên hệ: { $contact }
receipt-total = Tổng thanh toán
receipt-total-tax-included = Tổng thanh toán (đã bao gồm thuế)
receipt-in-words = Số tiền bằng chữ
receipt-description = Mô tả
receipt-quantity = Số lượng
receipt-amount = Số tiền
receipt-tax = Loại thuế
receipt-tax-rate = Thuế suất
receipt-tax-base = Chưa bao gồm thuế
receipt-tax-amount = Tiền thuế
receipt-details = Thanh toán
receipt-method = Phương thức thanh toán
receipt-credits = Credit nhận được
receipt-expiry = Ngày hết hạn
receipt-rate = Tỷ giá
receipt-rate-value = 1 { $from } = { $rate } { $to } ({ $source }, { $date })
receipt-reference = Mã tham chiếu
receipt-recipient = Gửi đến
receipt-notes = Ghi chú
receipt-zone = Múi giờ: { $zone }
receipt-page = Trang { $page } / { $pages }
