//! History written as files and read again: cells have types, sums agree, and no text becomes a formula.
#![allow(clippy::unwrap_used, reason = "a test stops at what it does not expect")]

use std::io::Cursor;
use std::process::Command;

use calamine::{Data, Reader, Xlsx};
use documents::sheet::history::{self, Row, Status};
use documents::sheet::{Balances, Cell, Column, Csv, Head, Part, Subject, Totals, Workbook, payments, vouchers};
use documents::{Language, Locale};
use ledger::{Amount, Kind, LotKind, Timestamp, Unit};

/// Texts that some spreadsheet runs, or that break out of a cell. Source: OWASP, "CSV Injection".
const PAYLOADS: [&str; 14] = [
    "=1+1",
    "=cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://127.0.0.1/\",\"x\")",
    "+1+1",
    "-1+1",
    "@SUM(1+1)",
    "\t=1+1",
    "\r=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1+1)",
    "\",=1+1,\"",
    "x;=1+1;",
];

fn head(language: Language, unit: &str) -> Head {
    Head {
        subject: Subject::History,
        locale: Locale::new(language, "Asia/Tokyo").unwrap(),
        unit: Unit::parse(unit).unwrap(),
        account_id: "acme".to_owned(),
        account_name: "=Acme".to_owned(),
        from: None,
        to: None,
        filters: Vec::new(),
        made_at: Timestamp::from_micros(1_795_000_000_000_000),
    }
}

fn row(amount: Amount, balance: Amount) -> Row<'static> {
    Row {
        booked_at: Timestamp::from_micros(1_790_000_000_000_001),
        service: None,
        sources: &[LotKind::Voucher, LotKind::TopUp],
        overdraft: true,
        kind: Kind::Debit,
        description: None,
        reference: None,
        status: Status::PartlyReversed,
        amount,
        balance,
        id: "ent_1_2",
    }
}

fn workbook(head: Head, rows: &[Row<'_>], balances: Option<&Balances>) -> Vec<u8> {
    let mut totals = Totals::default();
    rows.iter().for_each(|row| totals.add(row.kind, row.amount));
    let cells = rows.iter().map(|row| row.clone().cells(&head)).collect();
    written(head.clone(), &history::columns(&head), cells, &history::summary(&head, &totals, balances))
}

fn written(head: Head, columns: &[Column], rows: Vec<Vec<Cell<'_>>>, summary: &[Part]) -> Vec<u8> {
    let mut book = Workbook::new(head, columns).unwrap();
    rows.iter().for_each(|cells| book.write(cells).unwrap());
    let mut bytes = Cursor::new(Vec::new());
    book.finish(summary, &mut bytes).unwrap();
    bytes.into_inner()
}

/// Every cell of a sheet, and that none is a formula.
fn cells(bytes: &[u8], sheet: usize) -> Vec<Vec<Data>> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes.to_vec())).unwrap();
    let name = book.sheet_names()[sheet].clone();
    let formulas = book.worksheet_formula(&name).unwrap();
    assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{name} has a formula");
    book.worksheet_range(&name).unwrap().rows().map(<[Data]>::to_vec).collect()
}

fn hostile() -> Vec<Row<'static>> {
    let one = Amount::from_units(1_000_000);
    let fields = |text| [(Some(text), None, None), (None, Some(text), None), (None, None, Some(text))];
    let rows = PAYLOADS.into_iter().flat_map(fields);
    rows.map(|(service, description, reference)| Row { service, description, reference, ..row(one, one) }).collect()
}

#[test]
fn no_text_becomes_a_formula_in_a_workbook() {
    let rows = hostile();
    let services: Vec<String> = PAYLOADS.map(str::to_owned).into();
    let filters = history::Chosen { services, ..history::Chosen::default() }.filters(Language::En);
    let bytes = workbook(Head { filters, ..head(Language::En, "VND") }, &rows, None);
    let summary = cells(&bytes, 0);
    assert!(summary.iter().flatten().any(|cell| *cell == Data::String("=Acme (acme)".to_owned())), "{summary:?}");
    let entries = cells(&bytes, 1);
    assert_eq!(entries.len(), rows.len() + 1);
    for (cells, row) in entries.iter().skip(1).zip(&rows) {
        for (column, text) in [(1, row.service), (4, row.description), (5, row.reference)] {
            // Readers of XML see a line feed for a carriage return.
            let normal = |text: &str| text.replace('\r', "\n");
            match text {
                Some(text) => assert_eq!(normal(&cells[column].to_string()), normal(text)),
                None => assert_eq!(cells[column], Data::Empty),
            }
        }
        assert!(matches!(cells[7], Data::Float(_) | Data::Int(_)), "{:?}", cells[7]);
    }
}

#[test]
fn no_text_becomes_a_formula_in_csv() {
    let head = head(Language::En, "VND");
    let csv = Csv::new(head.locale.clone());
    for row in hostile() {
        let mut line = String::new();
        csv.write(&row.clone().cells(&head), &mut line);
        let cells = read_csv(&line).remove(0);
        assert_eq!(cells.len(), 10, "{line:?}");
        let text = [row.service, row.description, row.reference].into_iter().flatten().next().unwrap();
        let cell = [1, 4, 5].map(|column| cells[column].clone()).concat();
        assert_eq!(cell.replace('\'', ""), text.replace('\'', ""), "only quotes were added");
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']), "{cell:?}");
        assert!(!cell.contains(";="), "{cell:?}");
    }
}

/// Reads RFC 4180, strictly.
fn read_csv(text: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(mut quoted) = rest.strip_prefix('"') {
            loop {
                let (part, after) = quoted.split_once('"').unwrap();
                cell.push_str(part);
                let Some(more) = after.strip_prefix('"') else {
                    rest = after;
                    break;
                };
                cell.push('"');
                quoted = more;
            }
        } else {
            let end = rest.find([',', '\r']).unwrap();
            cell.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        record.push(std::mem::take(&mut cell));
        if let Some(after) = rest.strip_prefix("\r\n") {
            records.push(std::mem::take(&mut record));
            rest = after;
        } else {
            rest = rest.strip_prefix(',').unwrap();
        }
    }
    records
}

#[test]
fn csv_is_exact_in_every_language() {
    let usd = Unit::parse("USD").unwrap();
    let [amount, balance] = ["-0.00000001", "12345678901.23456789"].map(|text| usd.parse_amount(text).unwrap());
    // language, header, line
    let table = [
        (
            Language::En,
            "\"Date (Asia/Tokyo)\",\"Service\",\"Balance type\",\"Type\",\"Description\",\"Voucher code / reference\",\
             \"Status\",\"Amount (USD)\",\"Balance (USD)\",\"Entry ID\"\r\n",
            "\"Voucher, Top-up, Negative balance\",\"Usage\",,,\"Partly given back\"",
        ),
        (
            Language::Ja,
            "\"日時（Asia/Tokyo）\",\"サービス\",\"残高の種類\",\"種別\",\"内容\",\"バウチャーコード・参照番号\",\
             \"ステータス\",\"金額（USD）\",\"残高（USD）\",\"明細ID\"\r\n",
            "\"バウチャー、チャージ、マイナス残高\",\"利用\",,,\"一部取り消し済み\"",
        ),
        (
            Language::Vi,
            "\"Thời gian (Asia/Tokyo)\",\"Dịch vụ\",\"Loại số dư\",\"Loại giao dịch\",\"Mô tả\",\
             \"Mã voucher / mã tham chiếu\",\"Trạng thái\",\"Số tiền (USD)\",\"Số dư (USD)\",\"Mã giao dịch\"\r\n",
            "\"Voucher, Nạp tiền, Số dư âm\",\"Sử dụng\",,,\"Đã hoàn lại một phần\"",
        ),
    ];
    for (language, header, words) in table {
        let head = head(language, "USD");
        let csv = Csv::new(head.locale.clone());
        assert_eq!(csv.header(&history::columns(&head)), format!("\u{feff}{header}"));
        let mut line = String::new();
        csv.write(&row(amount, balance).cells(&head), &mut line);
        let expected =
            format!("2026-09-21T23:13:20.000001+09:00,,{words},-0.00000001,12345678901.23456789,\"ent_1_2\"\r\n");
        assert_eq!(line, expected);
    }
}

#[test]
fn cells_have_types_and_sums_agree() {
    for language in Language::ALL {
        let amount = |minor| Unit::parse("VND").unwrap().from_minor(minor).unwrap();
        let rows = [row(amount(-200), amount(700)), row(amount(-100), amount(900))];
        let balances = Balances { opening: amount(1000), closing: amount(700), pending: amount(50) };
        let bytes = workbook(head(language, "VND"), &rows, Some(&balances));
        let entries = cells(&bytes, 1);
        let Data::DateTime(date) = &entries[1][0] else { panic!("{:?} is no date", entries[1][0]) };
        let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
        assert_eq!((year, month, day, hour, minute, second), (2026, 9, 21, 23, 13, 20));
        let sum: Vec<String> = entries.iter().skip(1).map(|cells| cells[7].to_string()).collect();
        assert_eq!(sum, ["-200", "-100"]);
        let summary = cells(&bytes, 0);
        let lines: Vec<Vec<String>> = summary.iter().map(|cells| cells.iter().map(Data::to_string).collect()).collect();
        let has = |numbers: &[&str]| lines.iter().any(|cells| numbers.iter().eq(&cells[1..=numbers.len()]));
        assert!(has(&["2", "0", "-300", "-300"]), "{language}: {summary:?}");
        for balance in ["1000", "700", "50"] {
            assert!(has(&[balance]), "{language}: {balance}: {summary:?}");
        }
    }
}

/// Each text of a payment or a voucher in turn is each payload.
#[test]
fn no_text_of_payments_and_vouchers_becomes_a_formula() {
    let head = |subject| Head { subject, ..head(Language::En, "VND") };
    let (at, vnd, usd) = (Timestamp::from_micros(0), Unit::parse("VND").unwrap(), Unit::parse("USD").unwrap());
    let amount = |unit: Unit| unit.from_minor(5).unwrap();
    for payload in PAYLOADS {
        let payment = payments::Row {
            created_at: at,
            currency: usd,
            paid: amount(usd),
            received: Some(amount(vnd)),
            returned: Amount::ZERO,
            method: payload,
            status: payments::Status::Success,
            recipient_email: Some(payload),
            receipt_number: Some(payload),
            id: payload,
        };
        let voucher = vouchers::Row {
            code: payload.to_owned(),
            description: payload,
            added_at: at,
            effective_at: at,
            expires_at: at,
            remaining: amount(vnd),
            total: amount(vnd),
            services: vec![payload],
            status: vouchers::Status::Valid,
            id: payload,
        };
        let (payments, vouchers) = (head(Subject::Payments), head(Subject::Vouchers));
        let (mut paid, mut left) = (payments::Sums::default(), vouchers::Sums::default());
        paid.add(&payment);
        left.add(&voucher);
        let tables = [
            (payments.clone(), payments::columns(&payments), payment.cells(&payments), paid.summary(&payments), 4),
            (vouchers.clone(), vouchers::columns(&vouchers), voucher.cells(&vouchers), left.summary(&vouchers), 4),
        ];
        for (head, columns, row, summary, texts) in tables {
            let mut line = String::new();
            Csv::new(head.locale.clone()).write(&row, &mut line);
            let record = read_csv(&line).remove(0);
            assert_eq!((record.len(), columns.len()), (row.len(), row.len()));
            let begins = |cell: &&String| cell.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']);
            assert_eq!(record.iter().find(begins), None, "{payload:?}");
            let bytes = written(head, &columns, vec![row], &summary);
            let normal = |text: &str| text.replace('\r', "\n");
            let is_payload = |cell: &&Data| normal(&cell.to_string()) == normal(payload);
            assert_eq!(cells(&bytes, 1)[1].iter().filter(is_payload).count(), texts, "{payload:?}");
            cells(&bytes, 0);
        }
    }
}

/// Currencies stand apart, a failed payment adds nothing, and an expiry is the last day.
#[test]
fn payments_and_vouchers_add_up() {
    let [vnd, usd] = ["VND", "USD"].map(|code| Unit::parse(code).unwrap());
    let minor = |unit: Unit, minor| unit.from_minor(minor).unwrap();
    let payments = Head { subject: Subject::Payments, ..head(Language::Vi, "VND") };
    // currency, paid, received, returned, status
    let table = [
        (usd, 2_550, Some(600_000), 50, payments::Status::Success),
        (vnd, 500_000, Some(500_000), 0, payments::Status::Success),
        (usd, 100, Some(25_000), 0, payments::Status::Success),
        (usd, 9_900, None, 0, payments::Status::Failed),
        (vnd, 1, None, 0, payments::Status::Pending),
    ];
    let mut sums = payments::Sums::default();
    let rows = table.map(|(currency, paid, received, returned, status)| {
        let row = payments::Row {
            created_at: Timestamp::from_micros(1_790_000_000_000_000),
            currency,
            paid: minor(currency, paid),
            received: received.map(|received| minor(vnd, received)),
            returned: minor(currency, returned),
            method: "Visa •••• 4242",
            status,
            recipient_email: None,
            receipt_number: None,
            id: "pay_1",
        };
        sums.add(&row);
        row.cells(&payments)
    });
    let columns = payments::columns(&payments);
    let bytes = written(payments.clone(), &columns, rows.into(), &sums.summary(&payments));
    let lines = |bytes: &[u8]| -> Vec<String> {
        let line = |cells: &Vec<Data>| cells.iter().map(Data::to_string).collect::<Vec<_>>().join("|");
        cells(bytes, 0).iter().map(line).collect()
    };
    let said = lines(&bytes);
    for line in ["VND|1|500000|0|", "USD|2|26.5|0.5|", "Số tiền nhận được (VND)|1125000|||"] {
        assert!(said.iter().any(|said| said.starts_with(line.trim_end_matches('|'))), "{line}: {said:?}");
    }
    let entries = cells(&bytes, 1);
    let texts: Vec<String> = entries[1].iter().skip(1).map(Data::to_string).collect();
    assert_eq!(texts[..6], ["25.5", "USD", "600000", "0.5", "Visa •••• 4242", "Thành công"]);
    assert_eq!(entries[4][3], Data::Empty, "nothing was received");

    let vouchers = Head { subject: Subject::Vouchers, ..head(Language::Ja, "VND") };
    let row = vouchers::Row {
        code: "*******456".to_owned(),
        description: "開業祝い",
        added_at: Timestamp::from_micros(0),
        effective_at: Timestamp::from_micros(0),
        // Midnight in Tokyo: the day before is the last one.
        expires_at: Timestamp::from_micros("2026-11-30T15:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond()),
        remaining: minor(vnd, 300),
        total: minor(vnd, 1_000),
        services: Vec::new(),
        status: vouchers::Status::Valid,
        id: "red_1",
    };
    let mut left = vouchers::Sums::default();
    [&row, &row].into_iter().for_each(|row| left.add(row));
    let mut line = String::new();
    Csv::new(vouchers.locale.clone()).write(&row.clone().cells(&vouchers), &mut line);
    let expected = "\"*******456\",\"開業祝い\",1970-01-01T09:00:00+09:00,1970-01-01T09:00:00+09:00,2026-11-30,300,1000,\
                    \"すべて\",\"有効\",\"red_1\"\r\n";
    assert_eq!(line, expected);
    let row = row.cells(&vouchers);
    let bytes = written(vouchers.clone(), &vouchers::columns(&vouchers), vec![row], &left.summary(&vouchers));
    let Data::DateTime(day) = &cells(&bytes, 1)[1][4] else { panic!("an expiry is a date") };
    assert_eq!(day.to_ymd_hms_milli(), (2026, 11, 30, 0, 0, 0, 0));
    let said = lines(&bytes);
    for line in ["件数|2", "残り（VND）|600", "総額（VND）|2000"] {
        assert!(said.iter().any(|said| said.starts_with(line)), "{line}: {said:?}");
    }
}

#[test]
fn digits_beyond_a_cell_are_told() {
    let exact = Amount::from_units(123_456_789_012_345);
    let wide = Amount::from_units(1_234_567_890_123_457);
    for (balance, told) in [(exact, false), (wide, true)] {
        let summary = cells(&workbook(head(Language::En, "USD"), &[row(exact, balance)], None), 0);
        let note = "Amounts with more digits than a cell keeps (15): 1. The CSV file has all digits.".to_owned();
        assert_eq!(summary.iter().any(|cells| cells[0] == Data::String(note.clone())), told, "{summary:?}");
    }
}

#[test]
fn the_same_history_gives_the_same_bytes() {
    let write = || workbook(head(Language::Ja, "JPY"), &hostile(), None);
    assert_eq!(write(), write());
}

/// Needs LibreOffice; without it this says so and checks nothing.
#[test]
fn libreoffice_opens_a_workbook() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("history.xlsx");
    std::fs::write(&path, workbook(head(Language::Vi, "VND"), &hostile(), None)).unwrap();
    let profile = format!("-env:UserInstallation=file://{}/profile", directory.path().display());
    let all_sheets = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1";
    let mut office = Command::new("soffice");
    office.args(["--headless", profile.as_str(), "--convert-to", all_sheets, "--outdir"]);
    let Ok(output) = office.arg(directory.path()).arg(&path).output() else {
        eprintln!("skipped: install LibreOffice to open the workbook");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(directory.path().join("history-Chi tiết.csv")).unwrap();
    assert!(text.contains("=1+1") && text.contains("Đã hoàn lại một phần"), "{text}");
}
