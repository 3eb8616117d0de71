//! What may be published. Source: containerd-grpc §5 and its Appendix A.

use super::event::OWN_TOPICS;
use crate::model::{Envelope, Timestamp};
use crate::rules::validate_identifier;
use crate::text::quote;
use crate::{Error, Result};

/// An envelope as it is kept: one without a time is of 1970, as a time of zeros is.
pub(super) fn forwarded(envelope: &Envelope) -> Result<Envelope> {
    validate_identifier(&envelope.namespace)
        .map_err(|error| error.context("event envelope has invalid namespace: "))?;
    validate_topic(&envelope.topic)?;
    let timestamp = match envelope.timestamp {
        Some(Timestamp::YEAR_ONE) => {
            return Err(Error::invalid_argument("timestamp must be set on forwarded event"));
        }
        Some(time) => time,
        None => Timestamp::new(0, 0)?,
    };
    Ok(Envelope { timestamp: Some(timestamp), ..envelope.clone() })
}

pub(super) fn validate_topic(topic: &str) -> Result<()> {
    check(topic).map_err(|error| error.context(format!("envelope topic {}: ", quote(topic))))
}

fn check(topic: &str) -> Result<()> {
    if topic.is_empty() {
        return Err(Error::invalid_argument("must not be empty").with_help(SHAPE));
    }
    let Some(components) = topic.strip_prefix('/') else {
        return Err(Error::invalid_argument("must start with '/'").with_help(SHAPE));
    };
    if components.is_empty() {
        return Err(Error::invalid_argument("must have at least one component").with_help(SHAPE));
    }
    for component in components.split('/') {
        validate_identifier(component)
            .map_err(|error| error.context(format!("failed validation on component {}: ", quote(component))))?;
    }
    if topic.starts_with(OWN_TOPICS) {
        return Err(Error::invalid_argument("is kept for what the book itself tells")
            .with_help("choose a topic that does not begin with /stowbook/"));
    }
    Ok(())
}

const SHAPE: &str = "write it like /containers/create: identifiers with a / before each";
