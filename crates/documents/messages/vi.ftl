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

## Tables as files

sheet-summary = Tổng hợp
sheet-account = Tài khoản
sheet-period = Khoảng thời gian
sheet-period-start = từ đầu
sheet-zone = Múi giờ
sheet-unit = Đơn vị
sheet-made = Ngày lập
sheet-filter-none = Tất cả
sheet-count = Số lượng
sheet-total = Tổng cộng
sheet-note-rounded = Số tiền có nhiều chữ số hơn ô lưu được (15): { $count }. Tệp CSV có đủ mọi chữ số.

## Credit history

history-title = Lịch sử credit
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
history-in = Tăng
history-out = Giảm
history-net = Thay đổi
history-opening = Số dư đầu kỳ
history-closing = Số dư cuối kỳ
history-pending = trong đó chưa có hiệu lực
history-note-order = Giao dịch mới nhất ở trên cùng.
history-note-reconciled = Số dư đầu kỳ + thay đổi = số dư cuối kỳ. Số dư gồm cả credit chưa có hiệu lực.
history-note-filtered = Danh sách đã được lọc: cột số dư là số dư của toàn bộ tài khoản sau mỗi giao dịch.
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

## Payment history

payments-title = Lịch sử thanh toán
payments-sheet-entries = Thanh toán
payments-date = Thời gian ({ $zone })
payments-paid = Số tiền thanh toán
payments-currency = Loại tiền
payments-received = Số tiền nhận được ({ $unit })
payments-returned = Đã hoàn hoặc khiếu nại
payments-method = Phương thức
payments-status = Trạng thái
payments-recipient = Email nhận
payments-receipt = Số biên nhận
payments-payment = Mã thanh toán
payments-note-order = Thanh toán mới nhất ở trên cùng.
payments-note-paid = Số tiền thanh toán và số tiền hoàn lại tính bằng loại tiền ở cột bên cạnh. Chỉ cộng các thanh toán thành công.
payments-status-success = Thành công
payments-status-pending = Đang chờ
payments-status-failed = Thất bại

## Vouchers

vouchers-title = Voucher
vouchers-sheet-entries = Voucher
vouchers-code = Mã voucher
vouchers-description = Mô tả
vouchers-added = Ngày thêm ({ $zone })
vouchers-effective = Hiệu lực từ
vouchers-expiry = Hết hạn
vouchers-remaining = Còn lại ({ $unit })
vouchers-total = Tổng giá trị ({ $unit })
vouchers-products = Dịch vụ áp dụng
vouchers-every-product = Tất cả
vouchers-status = Trạng thái
vouchers-search = Tìm kiếm
vouchers-voucher = ID voucher
vouchers-note-order = Voucher mới nhất ở trên cùng.
vouchers-status-valid = Còn hiệu lực
vouchers-status-expired = Đã hết hạn
vouchers-status-revoked = Đã thu hồi
vouchers-status-used = Đã dùng hết

## Charts

chart-usage-title = Mức sử dụng mỗi ngày theo dịch vụ
chart-usage-desc = Từ { $from } đến { $to }: tổng cộng { $total }. Nhiều nhất vào { $day }: { $most }.
chart-usage-none = Từ { $from } đến { $to }: không có sử dụng.
chart-usage-empty = Không có ngày nào để hiển thị.
chart-usage-others = Dịch vụ khác
chart-usage-unnamed = Không ghi dịch vụ
chart-balance-title = Số dư theo nguồn
chart-balance-desc = { $parts }
chart-balance-other = Được cấp và khác

## Letters

mail-open = Mở { $brand }
mail-footer-automatic = Thư này được { $brand } gửi tự động.
mail-footer-account = Tài khoản: { $account }
mail-footer-zone = Múi giờ: { $zone }
mail-footer-alerts = Bạn có thể thay đổi các thư được nhận trong phần cài đặt của tài khoản.
mail-copy-link = Nếu nút không hoạt động, hãy sao chép địa chỉ này: { $url }
mail-label-reference = Mã tham chiếu
mail-label-paid = Số tiền đã thanh toán
mail-label-charge = Số tiền
mail-label-credits = Credit nhận được
mail-label-expiry = Ngày hết hạn
mail-label-refunded = Số tiền hoàn
mail-label-taken = Credit thu hồi
mail-label-available = Số dư khả dụng
mail-label-threshold = Cảnh báo khi số dư dưới
mail-label-owed = Số dư âm
mail-label-since = Từ lúc
mail-label-plan = Gói dịch vụ
mail-label-period-end = Kỳ kết thúc
mail-label-next-try = Lần thu tiếp theo
mail-label-grace = Gói còn hiệu lực đến
mail-label-sent = Thời gian gửi
mail-expiry-never = Không hết hạn
mail-add-credit = Nạp credit
mail-test-subject = Thư thử từ { $brand }
mail-test-lead = Nếu bạn đọc được thư này, thư đã gửi đến nơi.
mail-sign-in-subject = Đăng nhập vào { $brand }
mail-sign-in-lead = Dùng liên kết này để đăng nhập. Liên kết dùng được một lần, đến { $time }.
mail-sign-in-action = Đăng nhập
mail-sign-in-note = Nếu bạn không yêu cầu, hãy bỏ qua thư này. Đừng chuyển tiếp: ai có liên kết cũng có thể đăng nhập thay bạn.
mail-invitation-subject = { $inviter } mời bạn tham gia { $brand }
mail-invitation-lead = { $inviter } mời bạn tham gia { $account } với vai trò { $role }.
mail-invitation-action = Chấp nhận lời mời
mail-invitation-note = Lời mời có hiệu lực đến { $time }. Nếu bạn không biết người gửi, hãy bỏ qua thư này.
mail-role-owner = chủ tài khoản
mail-role-billing = phụ trách thanh toán
mail-role-viewer = người xem
mail-password-subject = Mật khẩu { $brand } của bạn đã được thay đổi
mail-password-lead = Mật khẩu của bạn được đặt hoặc thay đổi lúc { $time }.
mail-password-note = Nếu không phải bạn, hãy đăng nhập ngay bằng liên kết gửi qua email, đặt mật khẩu mới và báo cho chúng tôi.
mail-paid-subject = Đã nhận thanh toán: { $charged }
mail-paid-lead = { $credited } đã được cộng vào số dư của bạn.
mail-paid-automatic = Khoản thanh toán này được thực hiện tự động theo sự đồng ý của bạn.
mail-paid-receipt = Biên nhận { $number } được đính kèm.
mail-failed-subject = Thanh toán chưa hoàn tất: { $charge }
mail-failed-lead = Khoản thanh toán { $charge } chưa hoàn tất. Số dư chưa được cộng.
mail-failed-late = Nếu ngân hàng vẫn báo trừ tiền, vui lòng không thanh toán lại: số dư được cộng ngay khi dịch vụ thanh toán xác nhận.
mail-reason-declined = Ngân hàng hoặc dịch vụ thanh toán đã từ chối. Hãy dùng thẻ hay phương thức khác, hoặc hỏi ngân hàng của bạn.
mail-reason-cancelled = Giao dịch đã bị hủy trước khi hoàn tất. Bạn có thể làm lại bất cứ lúc nào.
mail-reason-timed-out = Giao dịch không được thanh toán kịp thời. Bạn có thể làm lại bất cứ lúc nào.
mail-reason-maintenance = Ngân hàng đang bảo trì. Hãy thử lại sau hoặc dùng phương thức khác.
mail-reason-wrong-code = Mã OTP hoặc thông tin đã nhập không đúng. Hãy kiểm tra và làm lại.
mail-reason-limit = Tài khoản hoặc thẻ đã hết hạn mức trong ngày. Hãy thử lại ngày mai hoặc dùng phương thức khác.
mail-reason-funds = Tài khoản hoặc thẻ không đủ tiền. Hãy dùng thẻ hoặc phương thức khác.
mail-reason-other = Dịch vụ thanh toán không cho biết lý do. Hãy thử lại hoặc dùng phương thức khác.
mail-review-subject = Thanh toán đang được kiểm tra: { $charge }
mail-review-lead = Khoản thanh toán { $charge } đang được kiểm tra. Số dư được cộng sau khi có xác nhận.
mail-review-note = Vui lòng không thanh toán lại.
mail-refund-subject = Hoàn tiền: { $refunded }
mail-refund-lead = { $refunded } đang được hoàn về phương thức thanh toán bạn đã dùng.
mail-refund-note = Có thể mất vài ngày để ngân hàng hiển thị.
mail-low-subject = Số dư thấp: { $available }
mail-low-lead = Số dư khả dụng của bạn đã xuống dưới { $threshold }.
mail-low-note = Khi hết số dư, các dịch vụ cần credit có thể dừng.
mail-depleted-subject = Số dư của bạn đã hết
mail-depleted-lead = Không còn credit khả dụng. Các dịch vụ cần credit có thể dừng cho đến khi bạn nạp thêm.
mail-negative-subject = Số dư âm: { $owed }
mail-negative-lead = Số dư của bạn đã âm từ { $date }.
mail-negative-note = Lần nạp tiếp theo trước hết sẽ bù { $owed }.
mail-expiring-subject =
    { $days ->
        [0] Credit hết hạn hôm nay
        [1] Credit hết hạn ngày mai
       *[other] Credit hết hạn trong { $days } ngày tới
    }
mail-expiring-lead =
    { $days ->
        [0] Credit dưới đây sẽ hết hạn hôm nay nếu không được dùng.
        [1] Credit dưới đây sẽ hết hạn chậm nhất ngày mai nếu không được dùng.
       *[other] Credit dưới đây sẽ hết hạn trong { $days } ngày tới nếu không được dùng.
    }
mail-expiring-note = Credit dùng được đến hết ngày hết hạn.
mail-expiring-lot = { $source }, đến { $date }
mail-period-subject = { $plan }: kỳ mới đã bắt đầu
mail-period-lead = { $credited } đã được cộng vào số dư của bạn cho kỳ này.
mail-period-renews = Gói được gia hạn khi kỳ kết thúc.
mail-period-ends = Gói kết thúc cùng kỳ này.
mail-renewal-subject = { $plan }: thanh toán không thành công
mail-renewal-lead = Khoản thanh toán { $charge } cho gói của bạn không thành công.
mail-renewal-again = Hệ thống sẽ thu lại. Hãy kiểm tra thẻ của bạn trước lúc đó.
mail-renewal-last = Hệ thống sẽ không thu lại nữa. Hãy thanh toán hoặc đổi thẻ để giữ gói.
mail-change-subject = { $from }: sắp có thay đổi
mail-change-lead = Từ { $date }, gói của bạn là { $to } thay cho { $from }.
mail-change-ends-subject = { $from } sắp kết thúc
mail-change-ends-lead = Gói { $from } của bạn kết thúc vào { $date } và không được gia hạn.
mail-ended-subject = { $plan } đã kết thúc
mail-ended-cancelled = Gói { $plan } của bạn đã kết thúc vì đã được hủy.
mail-ended-unpaid = Gói { $plan } của bạn đã kết thúc vì chưa được thanh toán.
mail-ended-replaced = Gói { $plan } của bạn đã kết thúc và được thay bằng gói khác.
mail-ended-other = Gói { $plan } của bạn đã kết thúc.
