use stowbook::Host;
use stowbook::model::Timestamp;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// Milliseconds since 1970.
    #[wasm_bindgen(js_namespace = Date, js_name = now)]
    fn date_now() -> f64;

    #[wasm_bindgen(js_namespace = crypto, js_name = getRandomValues)]
    fn get_random_values(out: &mut [u8]);
}

/// What `getRandomValues` fills in one call.
const MAX_RANDOM_BYTES: usize = 65_536;

/// The clock and the randomness of JavaScript. The clock has milliseconds.
pub(crate) struct JsHost;

impl Host for JsHost {
    fn now(&self) -> Timestamp {
        let millis = date_now();
        if !millis.is_finite() {
            return Timestamp::YEAR_ONE;
        }
        // The casts saturate, which a `Timestamp` refuses. A clock outside the years 1 to 9999 is set wrong; what
        // `SystemHost` says then is said here too.
        let seconds = (millis / 1000.0).floor();
        let nanos = (millis - seconds * 1000.0).floor() * 1e6;
        Timestamp::new(seconds as i64, nanos as u32).unwrap_or(Timestamp::YEAR_ONE)
    }

    fn random(&self, out: &mut [u8]) {
        out.chunks_mut(MAX_RANDOM_BYTES).for_each(get_random_values);
    }
}
