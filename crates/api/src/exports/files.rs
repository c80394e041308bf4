//! Rows on their way into a file, whatever they are rows of.

use std::fs::File;
use std::io::{self, BufWriter, Seek, Write};

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use documents::sheet::{Cell, Column, Csv, Head, Part, SheetError, Workbook};
use futures_util::StreamExt;
use futures_util::stream::{once, try_unfold};
use http::{HeaderValue, header};
use tokio::io::AsyncReadExt;
use tokio::sync::Semaphore;

use crate::problem::Problem;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
const CSV: &str = "text/csv; charset=utf-8";

/// Rows of one read.
pub(super) const PAGE_ROWS: usize = 1_000;
/// Bytes of a piece of a workbook on its way.
const PIECE_BYTES: usize = 64 << 10;

/// Workbooks that are built at a time; more wait. Each takes a core and temporary disk.
static WORKBOOKS: Semaphore = Semaphore::const_new(2);

/// A table that is read page by page.
pub(super) trait Rows: Send + Sized + 'static {
    /// What a row is made of.
    type Row: Send + 'static;

    /// The columns.
    fn columns(head: &Head) -> Vec<Column>;

    /// The cells of a row, in the order of the columns.
    fn cells<'a>(row: &'a Self::Row, head: &Head) -> Vec<Cell<'a>>;

    /// Begins: refuses, as far as that is known, what is too long before any of it is sent.
    fn begin(&mut self) -> impl Future<Output = Result<(), Problem>> + Send;

    /// The next rows; none at the end.
    fn next(&mut self) -> impl Future<Output = Result<Vec<Self::Row>, Problem>> + Send;

    /// What the rows that were read add up to.
    fn summary(&mut self, head: &Head) -> impl Future<Output = Result<Vec<Part>, Problem>> + Send;
}

/// The table as a workbook.
pub(super) async fn xlsx<R: Rows>(mut rows: R, head: Head) -> Result<Response, Problem> {
    rows.begin().await?;
    let place = WORKBOOKS.acquire().await.map_err(|error| Problem::internal(&error.to_string()))?;
    let name = head.file_name("xlsx");
    let mut book = blocking(move || Ok((Workbook::new(head.clone(), &R::columns(&head))?, head))).await?;
    loop {
        let page = rows.next().await?;
        if page.is_empty() {
            break;
        }
        let (mut workbook, head) = book;
        let write = move || {
            page.iter().try_for_each(|row| workbook.write(&R::cells(row, &head)))?;
            Ok((workbook, head))
        };
        book = blocking(write).await?;
    }
    let (workbook, head) = book;
    let summary = rows.summary(&head).await?;
    let file = blocking(move || {
        let file = tempfile::tempfile()?;
        let mut out = BufWriter::new(&file);
        workbook.finish(&summary, &mut out)?;
        out.flush()?;
        drop(out);
        (&file).rewind()?;
        Ok(file)
    });
    let file = file.await?;
    drop(place);
    let length = file.metadata().map_err(|error| Problem::internal(&error.to_string()))?.len();
    let mut response = answer(XLSX, &name, pieces(file))?;
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    Ok(response)
}

/// The table as CSV.
pub(super) async fn csv<R: Rows>(mut rows: R, head: Head) -> Result<Response, Problem> {
    rows.begin().await?;
    let name = head.file_name("csv");
    let csv = Csv::new(head.locale.clone());
    // What goes wrong with the first page can still be told.
    let first = csv.header(&R::columns(&head)) + &lines::<R>(&csv, &head, &rows.next().await?);
    let rest = try_unfold((rows, csv, head), |(mut rows, csv, head)| async move {
        let page = rows.next().await.map_err(broken)?;
        let text = lines::<R>(&csv, &head, &page);
        Ok::<_, io::Error>((!page.is_empty()).then(|| (Bytes::from(text), (rows, csv, head))))
    });
    let first = once(std::future::ready(Ok(Bytes::from(first))));
    answer(CSV, &name, Body::from_stream(first.chain(rest)))
}

fn lines<R: Rows>(csv: &Csv, head: &Head, page: &[R::Row]) -> String {
    let mut text = String::new();
    page.iter().for_each(|row| csv.write(&R::cells(row, head), &mut text));
    text
}

/// Cuts the answer off, so that nobody takes a part for the whole.
fn broken(problem: Problem) -> io::Error {
    tracing::warn!(code = problem.code(), "an export broke off");
    io::Error::other(problem.code())
}

fn pieces(file: File) -> Body {
    let file = tokio::fs::File::from_std(file);
    Body::from_stream(try_unfold(file, |mut file| async move {
        let mut piece = BytesMut::with_capacity(PIECE_BYTES);
        let read = file.read_buf(&mut piece).await?;
        Ok::<_, io::Error>((read > 0).then(|| (piece.freeze(), file)))
    }))
}

fn answer(content_type: &'static str, name: &str, body: Body) -> Result<Response, Problem> {
    // Names hold letters, digits and ._+- only, so they need no quoting.
    let disposition = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let disposition = disposition.map_err(|error| Problem::internal(&error.to_string()))?;
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}

/// Does work that takes a core, or waits for the disk, apart from the threads that serve.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, SheetError> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|error| Problem::internal(&error.to_string()))?;
    done.map_err(|error| Problem::internal(&error.to_string()))
}
