//! The folders that wait to be looked through: a stack that several threads share.

use std::sync::{Condvar, Mutex};

use crate::progress::lock;

/// Last in, first out; ends when it is empty and no thread is at work that could add to it.
pub struct Stack<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

struct State<T> {
    waiting: Vec<T>,
    /// Items taken whose work is not done.
    at_work: usize,
    is_closed: bool,
}

impl<T> Stack<T> {
    pub fn new(first: T) -> Stack<T> {
        Stack {
            state: Mutex::new(State {
                waiting: vec![first],
                at_work: 0,
                is_closed: false,
            }),
            changed: Condvar::new(),
        }
    }

    /// The top item, if there is one now. It must be followed by [`Stack::done`].
    pub fn take_now(&self) -> Option<T> {
        let mut state = lock(&self.state);
        let item = state.waiting.pop()?;
        state.at_work += 1;
        Some(item)
    }

    /// The top item, once there is one; `None` when there will be no more. Each item taken must be
    /// followed by [`Stack::done`].
    pub fn take(&self) -> Option<T> {
        let mut state = lock(&self.state);
        loop {
            if state.is_closed {
                return None;
            }
            if let Some(item) = state.waiting.pop() {
                state.at_work += 1;
                return Some(item);
            }
            if state.at_work == 0 {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(std::sync::PoisonError::into_inner);
        }
    }

    /// Ends the work on one item, which led to `further` ones: the last of them comes out first.
    pub fn done(&self, further: impl IntoIterator<Item = T>) {
        let mut state = lock(&self.state);
        state.waiting.extend(further);
        state.at_work -= 1;
        drop(state);
        self.changed.notify_all();
    }

    /// Closes it when the guard is dropped.
    pub fn close_on_drop(&self) -> CloseOnDrop<'_, T> {
        CloseOnDrop(self)
    }

    /// Drops what waits; [`Stack::take`] gives nothing any more.
    pub fn close(&self) {
        let mut state = lock(&self.state);
        state.is_closed = true;
        state.waiting.clear();
        drop(state);
        self.changed.notify_all();
    }
}

/// See [`Stack::close_on_drop`].
pub struct CloseOnDrop<'a, T>(&'a Stack<T>);

impl<T> Drop for CloseOnDrop<'_, T> {
    fn drop(&mut self) {
        self.0.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn threads_share_the_work_and_all_end() {
        let stack = Stack::new(16_u32);
        let taken = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    while let Some(height) = stack.take() {
                        taken.fetch_add(1, Ordering::Relaxed);
                        let further = if height > 0 { 2 } else { 0 };
                        stack.done(std::iter::repeat_n(height.saturating_sub(1), further));
                    }
                });
            }
        });
        assert_eq!(taken.into_inner(), (1 << 17) - 1);
    }

    #[test]
    fn a_closed_stack_gives_nothing() {
        let stack = Stack::new(1);
        stack.close();
        assert_eq!(stack.take(), None);
    }
}
