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
mail-paid-thanks = Chúng tôi đã nhận được thanh toán của bạn. Xin cảm ơn.
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

## Portal

portal-skip = Chuyển đến nội dung
portal-test-mode = Chế độ thử nghiệm: không có tiền thật
portal-menu = Menu
portal-nav = Điều hướng chính
portal-nav-overview = Tổng quan
portal-nav-history = Lịch sử credit
portal-nav-payments = Lịch sử thanh toán
portal-nav-settings = Cài đặt
portal-language = Ngôn ngữ
portal-account-menu = Menu tài khoản
portal-other-accounts = Tài khoản khác
portal-sign-in = Đăng nhập
portal-sign-out = Đăng xuất
portal-signed-out = Bạn đã đăng xuất
portal-help = Trợ giúp
portal-close = Đóng
portal-add-credit = Nạp credit
portal-change = Thay đổi
portal-save = Lưu
portal-save-go-on = Lưu và tiếp tục
portal-optional = không bắt buộc
portal-choose = Chọn
portal-date = Ngày
portal-status = Trạng thái
portal-amount = Số tiền
portal-reference = Mã tham chiếu
portal-copy = Sao chép
portal-copied = đã sao chép
portal-pages = Trang
portal-newest = Mới nhất
portal-older = Cũ hơn
portal-new = mới
portal-problem = Báo cáo sự cố
portal-problem-subject = Hỏi về { $id }
portal-mistakes =
    { $count ->
       *[other] Có { $shown } mục cần sửa
    }
portal-balance = Số dư
portal-balance-low = Sắp hết
portal-balance-expiring = Sắp hết hạn
portal-balance-blocked = Tạm ngừng
portal-balance-unknown = Không xem được số dư
portal-balance-unknown-text = Hiện không đọc được số dư. Số dư không thay đổi; vui lòng thử lại sau giây lát.
portal-balance-last = Hiện không đọc được số dư. Lúc { $time } số dư là { $amount }.
portal-total = Tổng số dư
portal-as-of = Tính đến
portal-part-top-up = Số dư nạp
portal-part-voucher = Số dư voucher
portal-part-plan = Số dư gói dịch vụ
portal-part-granted = Số dư được cấp
portal-held = Số dư tạm giữ
portal-available = Số dư khả dụng
portal-overdraft = Số dư âm
portal-alert-closed = Tài khoản này đã đóng
portal-alert-closed-text = Không thể mua hay sử dụng. Nếu không rõ lý do, vui lòng liên hệ hỗ trợ.
portal-alert-blocked = Bạn đã hết credit
portal-alert-blocked-text = Các yêu cầu sử dụng mới bị từ chối cho đến khi bạn nạp credit. Dữ liệu đã lưu vẫn được giữ nguyên.
portal-alert-low = Số dư sắp hết
portal-alert-low-text = Hãy nạp credit sớm để không bị gián đoạn.
portal-alert-overdraft = Số dư đang âm
portal-alert-overdraft-text = Lần nạp tiếp theo sẽ bù { $amount } trước.
portal-overview-empty = Chưa có credit
portal-overview-empty-text = Sau khi nạp credit, số dư, ngày hết hạn và mọi biến động sẽ hiển thị tại đây.
portal-lots = Credit theo ngày hết hạn
portal-lots-none = Không còn credit.
portal-lots-order = Thứ tự sử dụng: gói dịch vụ, voucher, credit được cấp, rồi tiền nạp; trong mỗi loại, khoản hết hạn sớm nhất được dùng trước.
portal-lots-more =
    { $count ->
       *[other] Thêm { $shown } khoản
    }
portal-pending-more =
    { $count ->
       *[other] Thêm { $shown } thanh toán đang xử lý
    }
portal-lot-never = Không hết hạn
portal-lot-ends = Đến { $date } ({ $away })
portal-lot-begins = Từ { $date }
portal-lot-scope = chỉ dùng cho
portal-latest = Biến động gần đây
portal-latest-all = Xem tất cả
portal-filter-all = Tất cả
portal-source = Loại số dư
portal-type = Loại
portal-service = Dịch vụ
portal-description = Mô tả
portal-in = Vào
portal-out = Ra
portal-net = Thay đổi
portal-sum = Tổng cộng
portal-range-start = ban đầu
portal-filter = Lọc
portal-filters = Bộ lọc đang áp dụng
portal-filter-apply = Áp dụng
portal-filter-clear = Xóa bộ lọc
portal-filter-remove = Bỏ lọc:
portal-filter-from = Từ ngày
portal-filter-to = Đến ngày
portal-since = từ { $date }
portal-until = đến { $date }
portal-range = Khoảng thời gian: { $from } đến { $to }
portal-this-month = Tháng này
portal-last-month = Tháng trước
portal-fiscal-year = Năm tài chính
portal-export-excel = Xuất Excel
portal-export-csv = CSV
portal-history-count =
    { $count ->
       *[other] { $shown } mục
    }
portal-history-empty = Chưa có biến động
portal-history-empty-text = Tiền nạp, voucher và mức sử dụng sẽ hiển thị tại đây, kèm số dư sau mỗi biến động.
portal-history-no-match = Không có kết quả phù hợp
portal-history-no-match-text = Có biến động, nhưng không mục nào thỏa mãn mọi bộ lọc.
portal-balance-after = Số dư sau đó
portal-status-pending = chưa có hiệu lực
portal-rounding = Số dư được làm tròn xuống đến đơn vị nhỏ nhất của loại tiền tệ; mỗi mục có số tiền chính xác. Credit chưa có hiệu lực không tính vào tổng.
portal-entry-booked = Ghi sổ lúc
portal-entry-dated = Phát sinh lúc
portal-entry-resource = Tài nguyên
portal-entry-expires = Ngày hết hạn
portal-entry-reference = Mã tham chiếu của bạn
portal-entry-by = Thực hiện bởi
portal-entry-request = Mã yêu cầu
portal-entry-id = Mã mục
portal-entry-payment = Thanh toán
portal-entry-earlier = Liên quan đến
portal-entry-pricing = Cách tính giá
portal-entry-lots = Credit đã thay đổi
portal-meter = Chỉ số
portal-quantity = Số lượng
portal-billed = tính là
portal-unit-price = Đơn giá
portal-price-version = Phiên bản bảng giá
portal-actor-key = Khóa API
portal-actor-member = Thành viên
portal-actor-operator = Nhà vận hành
portal-actor-gateway = Thanh toán
portal-actor-system = Tự động
portal-paid = Đã thanh toán
portal-received = Đã nhận
portal-receipt = Biên nhận
portal-receipt-pdf = PDF
portal-receipt-download = Biên nhận (PDF)
portal-receipt-copy = Cấp bản sao
portal-payments-empty = Chưa có thanh toán
portal-payments-empty-text = Mỗi lần thanh toán sẽ hiển thị tại đây kèm biên nhận.
portal-payments-no-match = Không có kết quả phù hợp
portal-payments-no-match-text = Có thanh toán, nhưng không mục nào thỏa mãn mọi bộ lọc.
portal-status-under-way = Đang xử lý
portal-payments-refunded = Đã hoàn { $amount }
portal-state-awaiting = Chờ thanh toán
portal-state-confirming = Đang xác nhận
portal-state-unknown = Đang kiểm tra với ngân hàng
portal-state-review = Đang kiểm tra
portal-state-succeeded = Thành công
portal-state-failed = Thất bại
portal-state-expired = Đã hết hạn
portal-state-partly-refunded = Đã hoàn một phần
portal-state-refunded = Đã hoàn tiền
portal-state-disputed = Đang khiếu nại
portal-state-dispute-won = Khiếu nại không được chấp nhận
portal-state-dispute-lost = Khiếu nại được chấp nhận
portal-payment-awaiting = Đang chờ bạn thanh toán
portal-payment-awaiting-text = Hãy thanh toán trên trang của cổng thanh toán. Nếu bạn vừa thanh toán, trang này sẽ cập nhật trong giây lát.
portal-payment-confirming = Đang xác nhận thanh toán của bạn
portal-payment-confirming-text = Cổng thanh toán đã nhận và chưa xác nhận. Credit sẽ tự động được cộng.
portal-payment-unknown = Đang hỏi ngân hàng
portal-payment-unknown-text = Chưa chắc chắn tiền đã bị trừ hay chưa. Chúng tôi sẽ hỏi cho đến khi có kết quả.
portal-payment-review = Thanh toán đang được kiểm tra
portal-payment-review-text = Cổng thanh toán đang kiểm tra, có thể mất một ngày làm việc. Chúng tôi sẽ gửi email khi có kết quả.
portal-payment-succeeded = Đã cộng { $amount }
portal-payment-succeeded-text = Đã nhận được thanh toán, credit có thể dùng ngay.
portal-payment-failed = Thanh toán không thành công
portal-payment-failed-text = Bạn không bị trừ tiền.
portal-payment-expired = Đã hết thời gian thanh toán
portal-payment-expired-text = Bạn không bị trừ tiền. Nếu tiền vẫn bị trừ, credit sẽ được cộng ngay khi cổng thanh toán báo lại.
portal-payment-partly-refunded = Đã hoàn một phần
portal-payment-partly-refunded-text = Phần credit tương ứng đã được thu hồi.
portal-payment-refunded = Thanh toán này đã được hoàn tiền
portal-payment-refunded-text = Phần credit còn lại đã được thu hồi.
portal-payment-disputed = Thanh toán này đang bị khiếu nại
portal-payment-disputed-text = Credit bị tạm thu hồi cho đến khi ngân hàng quyết định. Trong thời gian này không thể thanh toán thêm.
portal-payment-dispute-won = Khiếu nại đã kết thúc
portal-payment-dispute-won-text = Thanh toán được giữ nguyên; credit đã được trả lại.
portal-payment-dispute-lost = Khiếu nại đã kết thúc
portal-payment-dispute-lost-text = Tiền đã được trả lại cho bạn và credit đã được thu hồi.
portal-do-not-pay-again = Vui lòng không thanh toán lại.
portal-reason-canceled = Bạn đã hủy. Bạn có thể thử lại bất cứ lúc nào.
portal-reason-timed-out = Trang thanh toán đã hết thời gian. Hãy thử lại và chuẩn bị sẵn mã OTP.
portal-reason-funds = Tài khoản thanh toán không đủ tiền. Hãy dùng tài khoản khác hoặc số tiền nhỏ hơn.
portal-reason-limit = Đã vượt hạn mức giao dịch trong ngày. Hãy thử lại ngày mai hoặc dùng phương thức khác.
portal-reason-maintenance = Ngân hàng đang bảo trì. Hãy thử lại sau hoặc dùng phương thức khác.
portal-reason-code = Mã OTP sai quá số lần. Hãy bắt đầu lại và nhập mã mới nhất.
portal-reason-no-banking = Thẻ hoặc tài khoản chưa đăng ký thanh toán trực tuyến. Hãy đăng ký tại ngân hàng hoặc dùng thẻ khác.
portal-reason-locked = Thẻ hoặc tài khoản đang bị khóa. Hãy liên hệ ngân hàng hoặc dùng thẻ khác.
portal-reason-declined = Ngân hàng từ chối giao dịch. Hãy hỏi ngân hàng hoặc dùng phương thức khác.
portal-reason-gateway = Không kết nối được cổng thanh toán. Hãy thử lại sau vài phút hoặc dùng phương thức khác.
portal-reason-other = Hãy thử lại hoặc dùng phương thức khác. Nếu vẫn lỗi, liên hệ hỗ trợ kèm mã tham chiếu.
portal-payment-continue = Tiếp tục thanh toán
portal-payment-check = Kiểm tra ngay
portal-payment-open = Xem chi tiết
portal-payment-retry = Thử lại
portal-payment-details = Chi tiết
portal-payment-steps = Diễn biến
portal-payment-method = Phương thức thanh toán
portal-payment-began = Bắt đầu
portal-payment-paid-at = Đã cộng lúc
portal-payment-refunded-amount = Đã hoàn
portal-payment-disputed-amount = Đang khiếu nại
portal-payment-gateway-reference = Mã của cổng thanh toán
portal-payment-mail = Bạn có thể đóng trang này: chúng tôi sẽ gửi email đến { $email } khi có kết quả.
portal-payable-until = Thanh toán trước
portal-time-left = còn lại:
portal-age-now = vừa xong
portal-age-minutes =
    { $count ->
       *[other] { $shown } phút trước
    }
portal-age-hours =
    { $count ->
       *[other] { $shown } giờ trước
    }
portal-age-days =
    { $count ->
       *[other] { $shown } ngày trước
    }
portal-hand-off = Thanh toán bằng { $gateway }
portal-hand-off-go = Tiếp tục đến { $gateway }
portal-hand-off-code = Ngân hàng có thể yêu cầu mã OTP. Hãy chuẩn bị điện thoại và giữ cửa sổ này.
portal-hand-off-back = Sau đó bạn sẽ quay lại đây. Nếu lỡ đóng trang sớm cũng không sao: chúng tôi sẽ tự kiểm tra kết quả.
portal-hand-off-english = Trang VNPay hiển thị bằng tiếng Anh.
portal-hand-off-paid = Tôi đã thanh toán xong
portal-card = Thanh toán bằng thẻ
portal-card-scripts = Thanh toán bằng thẻ cần bật JavaScript vì số thẻ được gửi thẳng đến Stripe. Hãy bật cho trang này hoặc chọn phương thức khác.
portal-gateway-away = Không kết nối được cổng thanh toán
portal-gateway-away-text = Bạn không bị trừ tiền. Hãy thử lại sau giây lát hoặc chọn phương thức khác.
portal-amount-own = Số tiền khác
portal-amount-bounds = Từ { $least } đến { $most }
portal-amount-empty = Hãy nhập hoặc chọn số tiền.
portal-amount-malformed = Hãy nhập số tiền bằng chữ số, ví dụ { $example }.
portal-amount-currency = Hãy nhập số tiền bằng { $unit }, loại tiền tệ của tài khoản này.
portal-amount-ambiguous = Ý bạn là { $one } hay { $other }? Hãy nhập không có dấu phân cách.
portal-amount-ambiguous-one = Ý bạn là { $one }? Hãy nhập không có dấu phân cách.
portal-amount-ambiguous-none = Số này có thể hiểu theo nhiều cách. Hãy nhập không có dấu phân cách.
portal-amount-too-large = Số tiền vượt quá giới hạn của tài khoản.
portal-amount-minimum = Số tiền tối thiểu là { $amount }.
portal-amount-maximum = Số tiền tối đa là { $amount }.
portal-amount-unpayable = Không thể thanh toán số tiền này bằng phương thức đã chọn. Hãy chọn số tiền khác.
portal-too-many-quotes = Bạn đã yêu cầu quá nhiều báo giá hôm nay. Vui lòng quay lại ngày mai.
portal-method-missing = Hãy chọn phương thức thanh toán.
portal-method-other = Phương thức này không áp dụng cho số tiền đã chọn. Hãy chọn phương thức khác.
portal-method-off-switch = Đang tạm ngừng. Hãy dùng phương thức khác hoặc quay lại sau.
portal-method-off-rate = Chưa có tỷ giá hiện hành. Hãy dùng phương thức khác hoặc quay lại sau.
portal-method-off-gateway = Chưa được thiết lập. Hãy dùng phương thức khác.
portal-method-vnpay = VNPay
portal-method-vnpay-about = Tài khoản ngân hàng, thẻ nội địa và mã QR; trong vài phút
portal-method-paypal = PayPal
portal-method-paypal-about = Số dư PayPal hoặc thẻ qua PayPal; trong vài phút
portal-method-stripe = Thẻ
portal-method-saved_card = Thẻ đã lưu
portal-method-stripe-about = Thẻ tín dụng và thẻ ghi nợ; ngay lập tức
portal-rate = 1 { $base } = { $rate } { $quote } ({ $source }, { $date })
portal-earlier-open = Một thanh toán trước chưa hoàn tất
portal-earlier-open-text = Chưa chắc chắn tiền đã bị trừ hay chưa. Hãy chờ trước khi thanh toán lại.
portal-no-method = Hiện chưa thể nạp tại đây
portal-no-method-text = Hiện không có phương thức thanh toán nào cho tài khoản này. Hãy liên hệ để được hướng dẫn.
portal-review-go = Tiếp tục
portal-review = Kiểm tra và thanh toán
portal-review-back = Đổi số tiền hoặc phương thức
portal-review-next = Ở bước tiếp theo, bạn thanh toán trên trang của cổng thanh toán.
portal-you-pay = Bạn thanh toán
portal-you-receive = Bạn nhận được
portal-fee = Phí
portal-fee-none = Không có
portal-exchange-rate = Tỷ giá
portal-quote-until = Tỷ giá có hiệu lực đến
portal-quote-again = Lấy báo giá mới
portal-pay-when = Thời điểm thanh toán
portal-pay-when-text = Ngay ở bước tiếp theo
portal-arrives = Thời điểm nhận credit
portal-arrives-text = Ngay khi thanh toán được xác nhận, thường trong vài phút
portal-credits-until = { $date }
portal-credits-never = Credit không hết hạn
portal-addressee = Tên người mua
portal-addressee-hint = Tên sẽ ghi trên biên nhận.
portal-terms = Nội dung đồng ý
portal-agree = Tôi đồng ý
portal-agree-missing = Hãy đánh dấu nếu bạn đồng ý; nếu không sẽ không thể mua.
portal-pay = Thanh toán { $amount }
portal-refused-quote-expired = Báo giá đã hết hạn
portal-refused-quote-expired-text = Bạn không bị trừ tiền. Hãy lấy báo giá mới và kiểm tra lại.
portal-refused-terms-changed = Điều khoản đã thay đổi
portal-refused-terms-changed-text = Bạn không bị trừ tiền. Hãy đọc nội dung hiện tại và đồng ý nếu muốn.
portal-refused-method = Phương thức này hiện không dùng được
portal-refused-method-text = Bạn không bị trừ tiền. Hãy chọn phương thức khác.
portal-refused-earlier-open = Một thanh toán trước chưa hoàn tất
portal-refused-earlier-open-text = Bạn không bị trừ thêm. Hãy chờ thanh toán trước hoàn tất.
portal-refused-dispute = Có thanh toán đang bị khiếu nại
portal-refused-dispute-text = Không thể mua cho đến khi có kết quả.
portal-refused-closed = Tài khoản này đã đóng
portal-refused-closed-text = Không thể mua.
portal-refused-gateway = Cổng thanh toán không mở được giao dịch
portal-refused-gateway-text = Bạn không bị trừ tiền. Hãy thử lại hoặc chọn phương thức khác.
portal-refused-too-many = Quá nhiều lần thử
portal-refused-too-many-text =
    { $count ->
       *[other] Bạn không bị trừ tiền. Hãy thử lại sau { $shown } phút.
    }
portal-refused-daily-limit = Đã đạt giới hạn trong ngày
portal-refused-daily-limit-text =
    { $count ->
       *[other] Bạn không bị trừ tiền. Hãy mua ít hơn hoặc thử lại sau { $shown } phút.
    }
portal-billing = Thông tin thanh toán
portal-billing-why = Thông tin này ghi trên biên nhận và chỉ hỏi một lần. Thay đổi sau này áp dụng cho biên nhận về sau.
portal-billing-unit = Tài khoản này dùng { $unit }. Loại tiền tệ được chọn khi mở tài khoản và không thay đổi.
portal-billing-none = Chưa nhập; sẽ được hỏi trước lần mua đầu tiên.
portal-billing-changed = Người khác vừa thay đổi thông tin này
portal-billing-changed-text = Nội dung bạn nhập vẫn còn. Lưu lại sẽ thay thế thay đổi kia.
portal-refresh-fields = Hiển thị các mục theo lựa chọn
portal-payer-kind = Đối tượng thanh toán
portal-personal = Cá nhân
portal-company = Doanh nghiệp
portal-full-name = Họ và tên
portal-company-name = Tên công ty
portal-country = Quốc gia/Khu vực
portal-currency = Loại tiền tệ
portal-email = Email
portal-recipient-email = Email nhận biên nhận
portal-recipient-email-hint = Nếu khác với email ở trên.
portal-address = Địa chỉ
portal-address-postal_code = Mã bưu chính
portal-address-prefecture = Tỉnh (Nhật Bản)
portal-address-street = Số nhà, đường
portal-address-street-jp = Khu phố, số nhà
portal-address-building = Tòa nhà, phòng
portal-address-ward = Phường/Xã
portal-address-province = Tỉnh/Thành phố
portal-address-line1 = Địa chỉ dòng 1
portal-address-line2 = Địa chỉ dòng 2
portal-address-city = Thành phố
portal-address-city-jp = Quận/Thành phố
portal-address-region = Bang/Vùng
portal-tax-code = Mã số thuế
portal-tax-code-vn = Mã số thuế
portal-tax-code-vn-hint = Số định danh cá nhân 12 số, nếu muốn ghi trên biên nhận.
portal-tax-code-vn-company-hint = 10 chữ số; chi nhánh có dạng 0312687878-001.
portal-tax-code-jp = Số đăng ký hóa đơn (Nhật Bản)
portal-tax-code-jp-hint = T và 13 chữ số.
portal-tax-code-eu = Mã số VAT
portal-tax-code-eu-hint = Kèm mã quốc gia, ví dụ DE123456789.
portal-missing = { $field }: hãy điền mục này.
portal-invalid-email = Hãy nhập email như name@example.com.
portal-invalid-country = Hãy chọn quốc gia được phục vụ.
portal-invalid-postal-jp = Hãy nhập 7 chữ số, ví dụ 150-0001.
portal-invalid-tax = Hãy kiểm tra lại mã số, kèm mã quốc gia nếu có.
portal-invalid-tax-vn = Hãy kiểm tra mã số thuế: 10 số, 10 số kèm chi nhánh, hoặc 12 số của cá nhân. Sai một chữ số thì số kiểm tra không khớp.
portal-invalid-tax-jp = Hãy nhập T và 13 chữ số, ví dụ T7000012050002.
portal-invalid-line = Hãy nhập một dòng, không có ký tự điều khiển, và rút ngắn nếu quá dài.
portal-display = Ngôn ngữ và múi giờ
portal-zone = Múi giờ
portal-zone-usual = Theo tài khoản ({ $zone })
portal-sample = Ví dụ hiển thị:
portal-access = Đăng nhập
portal-password = Mật khẩu
portal-password-new = Mật khẩu mới
portal-password-hint = Ít nhất { $least } ký tự; nên từ 15 ký tự. Có thể dán từ trình quản lý mật khẩu.
portal-password-refused = Hãy chọn mật khẩu khác: quá ngắn, quá dài hoặc quá phổ biến.
portal-password-set = Đặt mật khẩu
portal-password-change = Đổi mật khẩu
portal-password-use = Đăng nhập bằng mật khẩu
portal-password-wrong = Email và mật khẩu không khớp.
portal-sessions = Các phiên đăng nhập
portal-session-this = phiên này
portal-sessions-end = Kết thúc mọi phiên khác
portal-browser-unknown = Trình duyệt không rõ
portal-saved-billing = Đã lưu thông tin thanh toán
portal-saved-billing-doubt = Đã lưu. Số đăng ký không phải số pháp nhân: hợp lệ với hộ kinh doanh, nếu không hãy kiểm tra lại.
portal-saved-display = Đã lưu ngôn ngữ và múi giờ
portal-saved-password = Đã lưu mật khẩu; mọi phiên khác đã kết thúc
portal-saved-sessions = Đã kết thúc mọi phiên khác
portal-link-send = Gửi liên kết đăng nhập qua email
portal-link-why = Không cần mật khẩu: liên kết chỉ dùng một lần trong thời gian ngắn.
portal-link-sent = Hãy kiểm tra email
portal-link-sent-text =
    { $count ->
       *[other] Nếu địa chỉ này đã đăng ký, một liên kết đang được gửi đến. Liên kết có hiệu lực { $shown } phút.
    }
portal-link-again = Yêu cầu liên kết mới
portal-link-continue = Đăng nhập để tiếp tục
portal-link-join = Bạn được mời tham gia
portal-link-who = Bạn đăng nhập bằng { $email }.
portal-link-invalid = Liên kết này không còn hiệu lực
portal-link-invalid-text = Liên kết đã được dùng, hết hạn hoặc không đầy đủ. Hãy yêu cầu liên kết mới.
portal-error-not-found = Không tìm thấy trang
portal-error-not-found-text = Địa chỉ có thể bị gõ sai, hoặc trang không dành cho tài khoản bạn đang đăng nhập.
portal-error-forbidden = Vai trò của bạn không cho phép
portal-error-forbidden-text = Hãy nhờ chủ tài khoản thực hiện hoặc thay đổi vai trò của bạn.
portal-error-stale = Biểu mẫu không còn hiệu lực
portal-error-stale-text = Có thể bạn đã đăng nhập lại. Chưa có gì thay đổi. Hãy mở lại trang và thực hiện lại.
portal-error-unreadable = Không đọc được yêu cầu
portal-error-unreadable-text = Hãy mở lại trang và thực hiện lại.
portal-error-busy = Quá nhiều lần thử
portal-error-busy-text =
    { $count ->
       *[other] Hãy chờ { $shown } giây rồi thử lại.
    }
portal-error-unavailable = Tạm thời không khả dụng
portal-error-unavailable-text = Chưa có gì thay đổi. Hãy thử lại sau giây lát.
portal-error-internal = Đã xảy ra lỗi từ phía chúng tôi
portal-error-internal-text = Lỗi đã được ghi lại. Nếu lặp lại, hãy cho chúng tôi biết mã bên dưới.
portal-error-no-account = Bạn chưa thuộc tài khoản nào
portal-error-no-account-text = Hãy nhờ chủ tài khoản mời bạn, hoặc đăng nhập bằng địa chỉ khác.
portal-error-again = Thử lại
portal-error-home = Về trang tổng quan
portal-error-reference = Mã tham chiếu:
