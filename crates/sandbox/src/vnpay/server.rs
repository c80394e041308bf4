//! Where the parts are put together: pages, API and control calls on one listener.

use std::io;

use axum::Router;
use axum::routing::post;
use tokio::net::TcpListener;

use super::{Vnpay, VnpayOptions, control_routes, http, pages};
use crate::listener::Served;

/// A running fake VNPay; derefs to its [`Vnpay`]. Dropping it closes every connection.
pub type VnpaySandbox = Served<Vnpay>;

/// Everything as a router, to be nested elsewhere. Served by anything but [`serve`], scripted ends of the connection
/// show as a bare 500.
pub fn router(vnpay: Vnpay) -> Router {
    let api = Router::new().route(http::API_PATH, post(http::serve));
    api.merge(pages::router()).merge(control_routes::router()).with_state(vnpay)
}

/// Serves a new fake VNPay on the listener.
///
/// # Errors
/// When the listener has no address.
pub async fn serve(listener: TcpListener, options: VnpayOptions) -> io::Result<VnpaySandbox> {
    let vnpay = Vnpay::start(options);
    Served::start(listener, vnpay.clone(), router(vnpay))
}

impl VnpaySandbox {
    /// Where payment addresses begin: `…/paymentv2/vpcpay.html`.
    pub fn pay_url(&self) -> String {
        format!("{}{}", self.url(), pages::PAY_PATH)
    }

    /// The address of the API: `…/merchant_webapi/api/transaction`.
    pub fn api_url(&self) -> String {
        format!("{}{}", self.url(), http::API_PATH)
    }
}
