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

## Credit history

history-title = Lịch sử credit
history-sheet-summary = Tổng hợp
history-sheet-entries = Chi tiết
history-date = Thời gian ({ $zone })
history-service = Dịch vụ
history-source = Loại số dư
history-type = Loại giao dịch
history-description = Mô tả
history-reference = Mã voucher / mã tham chiếu
history-status = Trạng thái
history-amount = Số tiền ({ $unit })
history-balance = Số dư ({ $unit })
history-entry = Mã giao dịch
history-account = Tài khoản
history-period = Khoảng thời gian
history-period-start = từ đầu
history-zone = Múi giờ
history-unit = Đơn vị
history-made = Ngày lập
history-filter-none = Tất cả
history-count = Số giao dịch
history-in = Tăng
history-out = Giảm
history-net = Thay đổi
history-total = Tổng cộng
history-opening = Số dư đầu kỳ
history-closing = Số dư cuối kỳ
history-pending = trong đó chưa có hiệu lực
history-note-order = Giao dịch mới nhất ở trên cùng.
history-note-reconciled = Số dư đầu kỳ + thay đổi = số dư cuối kỳ. Số dư gồm cả credit chưa có hiệu lực.
history-note-filtered = Danh sách đã được lọc: cột số dư là số dư của toàn bộ tài khoản sau mỗi giao dịch.
history-note-rounded = Số tiền có nhiều chữ số hơn ô lưu được (15): { $count }. Tệp CSV có đủ mọi chữ số.
history-kind-open = Mở tài khoản
history-kind-configure = Thay đổi điều kiện
history-kind-grant = Cộng credit
history-kind-debit = Sử dụng
history-kind-adjustment = Điều chỉnh số dư
history-kind-hold = Tạm giữ
history-kind-capture = Sử dụng (từ khoản tạm giữ)
history-kind-release = Bỏ tạm giữ
history-kind-hold_expiry = Tạm giữ hết hạn
history-kind-hold_extension = Gia hạn tạm giữ
history-kind-reversal = Hoàn lại phần đã dùng
history-kind-expiry = Đã hết hạn
history-kind-void = Thu hồi
history-kind-expiry_change = Đổi ngày hết hạn
history-kind-repayment = Bù số dư âm
history-kind-clawback = Thu hồi theo khoản thanh toán
history-kind-reinstatement = Trả lại sau khi thu hồi
history-source-manual = Được cấp
history-source-setup = Cấp ban đầu
history-source-top_up = Nạp tiền
history-source-voucher = Voucher
history-source-subscription = Gói dịch vụ
history-source-overdraft = Số dư âm
history-status-posted = Đã ghi nhận
history-status-partly_reversed = Đã hoàn lại một phần
history-status-reversed = Đã hoàn lại
