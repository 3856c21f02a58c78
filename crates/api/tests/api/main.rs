//! The API's document is frozen: whoever changes a route, a field or a status changes this snapshot with it.

#[test]
fn the_openapi_document_is_the_frozen_one() {
    insta::assert_json_snapshot!("openapi", sambung_api::openapi());
}
