//! A stream: its sending half, its receiving half or both (RFC 9000 §2).

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use napi::bindgen_prelude::BufferSlice;
use napi_derive::napi;
use quinn::{ReadError, RecvStream, SendStream, VarInt, WriteError};

use crate::failure::{code, number};
use crate::wake::{Repeated, Source, Wakeups, locked};

/// What `read`, `write` and `settled` answer when it is no number of bytes.
const NOT_YET: i32 = 0;
const FINISHED: i32 = -1;
/// The peer reset its half, or wants no more of ours; `code` says with which code.
const ABORTED: i32 = -2;
const CONNECTION_LOST: i32 = -3;

#[napi]
pub struct NativeStream {
    id: f64,
    /// None once it is over. A half that is kept keeps its connection's socket.
    sending: Option<Sending>,
    receiving: Option<Receiving>,
    send_abort_code: f64,
    receive_abort_code: f64,
}

struct Sending {
    stream: SendStream,
    source: Arc<Source>,
    /// The peer wants no more, or has acknowledged all.
    settled: Repeated<Result<Option<VarInt>, quinn::StoppedError>>,
    finished: bool,
}

struct Receiving {
    stream: RecvStream,
    source: Arc<Source>,
}

/// What `stopped` says, asked once: it looks the stream up by its id and borrows nothing.
fn settled(
    wakeups: &Arc<Wakeups>,
    stream: &SendStream,
) -> Repeated<Result<Option<VarInt>, quinn::StoppedError>> {
    let once = Mutex::new(Some(stream.stopped()));
    Repeated::new(wakeups, move || {
        let stopped = locked(&once).take();
        async move {
            match stopped {
                Some(stopped) => stopped.await,
                None => std::future::pending().await,
            }
        }
    })
}

impl NativeStream {
    pub fn new(
        wakeups: &Arc<Wakeups>,
        send: Option<SendStream>,
        receive: Option<RecvStream>,
    ) -> Self {
        let id = send
            .as_ref()
            .map(SendStream::id)
            .or_else(|| receive.as_ref().map(RecvStream::id));
        Self {
            id: id.map_or(0.0, |id| number(VarInt::from(id))),
            sending: send.map(|stream| Sending {
                settled: settled(wakeups, &stream),
                source: wakeups.source(),
                stream,
                finished: false,
            }),
            receiving: receive.map(|stream| Receiving {
                source: wakeups.source(),
                stream,
            }),
            send_abort_code: 0.0,
            receive_abort_code: 0.0,
        }
    }
}

#[napi]
impl NativeStream {
    #[napi(getter)]
    pub fn id(&self) -> f64 {
        self.id
    }

    /// Woken when `write` is worth calling again; -1 if there is no sending half.
    #[napi(getter)]
    pub fn writable_handle(&self) -> i64 {
        self.sending
            .as_ref()
            .map_or(-1, |half| i64::from(half.source.handle))
    }

    /// Woken when `settled` is worth calling again.
    #[napi(getter)]
    pub fn settled_handle(&self) -> i64 {
        self.sending
            .as_ref()
            .map_or(-1, |half| i64::from(half.settled.handle()))
    }

    /// Woken when `read` is worth calling again; -1 if there is no receiving half.
    #[napi(getter)]
    pub fn readable_handle(&self) -> i64 {
        self.receiving
            .as_ref()
            .map_or(-1, |half| i64::from(half.source.handle))
    }

    /// The code of the answer `ABORTED` to `read`.
    #[napi(getter)]
    pub fn receive_abort_code(&self) -> f64 {
        self.receive_abort_code
    }

    /// The code of the answer `ABORTED` to `write` or `settled`.
    #[napi(getter)]
    pub fn send_abort_code(&self) -> f64 {
        self.send_abort_code
    }

    /// Fills `target` from its start. Answers the bytes read, or one of the constants above.
    #[napi]
    pub fn read(&mut self, mut target: BufferSlice<'_>) -> i32 {
        let Some(half) = &mut self.receiving else {
            return FINISHED;
        };
        let waker = half.source.waker();
        let answer = match half
            .stream
            .poll_read(&mut Context::from_waker(&waker), &mut target)
        {
            Poll::Pending => return NOT_YET,
            Poll::Ready(Ok(count)) if count > 0 => return i32::try_from(count).unwrap_or(i32::MAX),
            Poll::Ready(Ok(_) | Err(ReadError::ClosedStream)) => FINISHED,
            Poll::Ready(Err(ReadError::Reset(code))) => {
                self.receive_abort_code = number(code);
                ABORTED
            }
            Poll::Ready(Err(_)) => CONNECTION_LOST,
        };
        self.receiving = None;
        answer
    }

    /// Takes from the start of `bytes` what fits. Answers how many, or one of the constants above.
    #[napi]
    pub fn write(&mut self, bytes: BufferSlice<'_>) -> i32 {
        let Some(half) = &mut self.sending else {
            return FINISHED;
        };
        let waker = half.source.waker();
        let context = &mut Context::from_waker(&waker);
        match Pin::new(&mut half.stream).poll_write(context, &bytes) {
            Poll::Pending => NOT_YET,
            Poll::Ready(Ok(count)) => i32::try_from(count).unwrap_or(i32::MAX),
            Poll::Ready(Err(error)) => match error {
                WriteError::Stopped(code) => self.lose_sending(ABORTED, number(code)),
                WriteError::ClosedStream => self.lose_sending(FINISHED, 0.0),
                _ => self.lose_sending(CONNECTION_LOST, 0.0),
            },
        }
    }

    /// Everything was written (FIN).
    #[napi]
    pub fn finish(&mut self) {
        if let Some(half) = &mut self.sending {
            half.finished = true;
            // It fails only when the stream has ended otherwise, which `settled` tells.
            let _ = half.stream.finish();
        }
    }

    /// FINISHED once the peer's transport has all that was written, ABORTED if it wants no more of it.
    #[napi]
    pub fn settled(&mut self) -> i32 {
        let Some(half) = &mut self.sending else {
            return FINISHED;
        };
        match half.settled.poll() {
            None => NOT_YET,
            Some(Ok(None)) => self.lose_sending(FINISHED, 0.0),
            Some(Ok(Some(code))) => self.lose_sending(ABORTED, number(code)),
            Some(Err(_)) => self.lose_sending(CONNECTION_LOST, 0.0),
        }
    }

    /// `RESET_STREAM` (RFC 9000 §19.4): what was written may not arrive.
    #[napi]
    pub fn reset(&mut self, with: f64) {
        if let Some(mut half) = self.sending.take() {
            let _ = half.stream.reset(code(with));
        }
    }

    /// `STOP_SENDING` (RFC 9000 §19.5): nothing more of the peer's half is wanted.
    #[napi]
    pub fn stop(&mut self, with: f64) {
        if let Some(mut half) = self.receiving.take() {
            let _ = half.stream.stop(code(with));
        }
    }

    fn lose_sending(&mut self, answer: i32, abort_code: f64) -> i32 {
        self.send_abort_code = abort_code;
        self.sending = None;
        answer
    }
}

impl Drop for Sending {
    /// quinn takes a forgotten stream for a finished one. A message that was cut off must not look whole.
    fn drop(&mut self) {
        if !self.finished {
            let _ = self.stream.reset(VarInt::from_u32(0));
        }
    }
}
