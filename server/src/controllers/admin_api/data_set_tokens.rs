//! `/data-sets/{name}/token`: a new token for the writers of a data set.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use chrono::TimeDelta;
use serde_json::{Value, json};
use stagecraft::{Action, Subject};

use super::answer::{Refusal, not_allowed, told};
use super::caller::Caller;
use super::shape::{Kind, Shape, failed, whole};
use crate::state::AppState;

const SHAPE: Shape = Shape { required: &[], optional: &[("overlap", Kind::Integer)], open: false };

/// For how long the token before stays good unless the request says otherwise.
const OVERLAP: TimeDelta = TimeDelta::days(1);
/// The longest that it may.
const LONGEST: TimeDelta = TimeDelta::days(90);

/// `POST` with `{"overlap": seconds}`: makes a new token, which the answer tells; the one before stays good so long.
pub async fn rotate(
    State(state): State<AppState>,
    Path(name): Path<String>,
    method: Method,
    headers: HeaderMap,
    body: Body,
) -> Response {
    if method != Method::POST {
        return not_allowed("POST");
    }
    told(new_token(&state, &name, &headers, body).await, &method, &headers)
}

async fn new_token(state: &AppState, name: &str, headers: &HeaderMap, body: Body) -> Result<Value, Refusal> {
    let caller = Caller::of(state, headers)?;
    caller.may(Action::Update, Subject::DataSet)?;
    let known = state.registry.data_set(name).filter(|data_set| caller.sees(&data_set.owners));
    known.ok_or_else(Refusal::no_such_item)?;
    let body = whole(state, headers, body).await?;
    let overlap = if body.bytes.is_empty() {
        OVERLAP
    } else {
        let body = SHAPE.read(headers, &body.bytes)?;
        let seconds = body.get("overlap").and_then(Value::as_i64).unwrap_or(OVERLAP.num_seconds());
        let longest = LONGEST.num_seconds();
        if !(0..=longest).contains(&seconds) {
            return Err(failed(format!("overlap is 0 to {longest} seconds, not {seconds}")));
        }
        TimeDelta::seconds(seconds)
    };
    let rotate = |edit: &mut stagecraft::Edit| edit.rotate_data_set_token(name, overlap);
    let (data_set, token) = state.registry.edit(&caller.email, rotate).await?;
    let previous = data_set.previous_token.as_ref().map(|(_, until)| until);
    Ok(json!({"name": data_set.name, "bearer_token": token, "previous_good_until": previous}))
}
