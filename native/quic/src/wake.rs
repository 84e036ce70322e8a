//! From quinn's threads to JavaScript's: which handles are worth asking again.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use napi::Status;
use napi::bindgen_prelude::Function;
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

type Callback = ThreadsafeFunction<(), (), Vec<u32>, Status, false, false, 1>;

/// The wake-ups of one endpoint. However many there are, JavaScript is called once and gets them as one list.
pub struct Wakeups {
    due: Mutex<Vec<Arc<Source>>>,
    /// True while a call is under way that will take what is due.
    called: AtomicBool,
    callback: Mutex<Option<Callback>>,
    handles: AtomicU32,
}

/// A panic elsewhere leaves these values whole, so a poisoned lock is as good as another.
pub fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Wakeups {
    pub fn new(wake: &Function<'_, Vec<u32>, ()>) -> napi::Result<Arc<Self>> {
        let wakeups = Arc::new(Self {
            due: Mutex::new(Vec::new()),
            called: AtomicBool::new(false),
            callback: Mutex::new(None),
            handles: AtomicU32::new(0),
        });
        let own = Arc::downgrade(&wakeups);
        let callback = wake
            .build_threadsafe_function::<()>()
            .callee_handled::<false>()
            .max_queue_size::<1>()
            .build_callback(move |_| Ok(own.upgrade().map(|own| own.take()).unwrap_or_default()))?;
        *locked(&wakeups.callback) = Some(callback);
        Ok(wakeups)
    }

    pub fn source(self: &Arc<Self>) -> Arc<Source> {
        Arc::new(Source {
            handle: self.handles.fetch_add(1, Ordering::Relaxed),
            due: AtomicBool::new(false),
            wakeups: Arc::clone(self),
        })
    }

    /// Calls nobody any more, and stops keeping the process alive.
    pub fn silence(&self) {
        drop(locked(&self.callback).take());
    }

    fn take(&self) -> Vec<u32> {
        // Before the list is taken: what comes in between causes a call too many, never one too few.
        self.called.store(false, Ordering::SeqCst);
        let due = std::mem::take(&mut *locked(&self.due));
        due.iter()
            .map(|source| {
                source.due.store(false, Ordering::SeqCst);
                source.handle
            })
            .collect()
    }
}

/// Something that can be waited for: one half of a stream, say.
pub struct Source {
    pub handle: u32,
    /// On the list already.
    due: AtomicBool,
    wakeups: Arc<Wakeups>,
}

impl Source {
    pub fn waker(self: &Arc<Self>) -> Waker {
        Waker::from(Arc::clone(self))
    }
}

impl Wake for Source {
    fn wake(self: Arc<Self>) {
        if self.due.swap(true, Ordering::SeqCst) {
            return;
        }
        let wakeups = Arc::clone(&self.wakeups);
        locked(&wakeups.due).push(self);
        if !wakeups.called.swap(true, Ordering::SeqCst)
            && let Some(callback) = locked(&wakeups.callback).as_ref()
        {
            callback.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An operation of quinn that JavaScript asks for again and again: the next stream, the next datagram.
pub struct Repeated<T> {
    source: Arc<Source>,
    start: Box<dyn Fn() -> Boxed<T> + Send>,
    current: Option<Boxed<T>>,
}

impl<T> Repeated<T> {
    pub fn new<F: Future<Output = T> + Send + 'static>(
        wakeups: &Arc<Wakeups>,
        start: impl Fn() -> F + Send + 'static,
    ) -> Self {
        Self {
            source: wakeups.source(),
            start: Box::new(move || Box::pin(start())),
            current: None,
        }
    }

    pub fn handle(&self) -> u32 {
        self.source.handle
    }

    /// The next result, or None and a wake-up later.
    pub fn poll(&mut self) -> Option<T> {
        let current = self.current.get_or_insert_with(|| (self.start)());
        match current
            .as_mut()
            .poll(&mut Context::from_waker(&self.source.waker()))
        {
            Poll::Ready(result) => {
                self.current = None;
                Some(result)
            }
            Poll::Pending => None,
        }
    }
}
