//! The service `shop.Prices` without generated code: the messages by `prost`, and the glue that
//! `tonic-build` would write, so that the example needs no `protoc`.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{BoxFuture, Service, http},
    server::{Grpc, NamedService, UnaryService},
    transport::Channel,
};
use tonic_prost::ProstCodec;

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct PriceRequest {
    #[prost(string, tag = "1")]
    pub(crate) product: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Price {
    #[prost(uint32, tag = "1")]
    pub(crate) cents: u32,
}

/// The client's half.
#[derive(Clone, Debug)]
pub(crate) struct PricesClient {
    channel: Channel,
}

impl PricesClient {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel }
    }

    pub(crate) async fn price(&self, request: Request<PriceRequest>) -> Result<Price, Status> {
        let mut grpc = tonic::client::Grpc::new(self.channel.clone());
        grpc.ready()
            .await
            .map_err(|error| Status::unavailable(error.to_string()))?;
        let path = http::uri::PathAndQuery::from_static("/shop.Prices/Price");
        let codec = ProstCodec::<PriceRequest, Price>::default();
        Ok(grpc.unary(request, path, codec).await?.into_inner())
    }
}

/// The server's half.
pub(crate) trait Prices: Send + Sync + 'static {
    fn price(
        &self,
        request: Request<PriceRequest>,
    ) -> impl Future<Output = Result<Price, Status>> + Send;
}

#[derive(Debug)]
pub(crate) struct PricesServer<P>(pub(crate) Arc<P>);

impl<P> Clone for PricesServer<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P> NamedService for PricesServer<P> {
    const NAME: &'static str = "shop.Prices";
}

impl<P: Prices> UnaryService<PriceRequest> for PricesServer<P> {
    type Response = Price;
    type Future = BoxFuture<Response<Price>, Status>;

    fn call(&mut self, request: Request<PriceRequest>) -> Self::Future {
        let service = Arc::clone(&self.0);
        Box::pin(async move { service.price(request).await.map(Response::new) })
    }
}

impl<P: Prices> Service<http::Request<Body>> for PricesServer<P> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let method = self.clone();
        Box::pin(async move {
            let mut grpc = Grpc::new(ProstCodec::<Price, PriceRequest>::default());
            Ok(match request.uri().path() {
                "/shop.Prices/Price" => grpc.unary(method, request).await,
                path => Status::unimplemented(path.to_owned()).into_http(),
            })
        })
    }
}
