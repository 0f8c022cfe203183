//! The few pages that were decoded last.

use std::sync::Arc;

use super::page::DecodedPage;

/// Kept pages take about this much memory, in bytes, and the newest one is kept however big it is.
const BUDGET: usize = 16 << 20;

/// Pages by how lately they were used, the latest last. There are few, so that they are searched one
/// by one.
#[derive(Default)]
pub(super) struct PageCache {
    pages: Vec<(u32, Arc<DecodedPage>)>,
    cost: usize,
}

impl PageCache {
    pub fn get(&mut self, index: u32) -> Option<Arc<DecodedPage>> {
        let at = self.pages.iter().rposition(|(kept, _)| *kept == index)?;
        let found = self.pages.remove(at);
        let page = Arc::clone(&found.1);
        self.pages.push(found);
        Some(page)
    }

    pub fn put(&mut self, index: u32, page: Arc<DecodedPage>) {
        // Another thread may have decoded it meanwhile.
        if self.get(index).is_some() {
            return;
        }
        self.cost += page.cost;
        self.pages.push((index, page));
        while self.cost > BUDGET && self.pages.len() > 1 {
            let (_, oldest) = self.pages.remove(0);
            self.cost -= oldest.cost;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(cost: usize) -> Arc<DecodedPage> {
        Arc::new(DecodedPage {
            parts: Vec::new(),
            entries: Vec::new(),
            cost,
        })
    }

    #[test]
    fn the_page_not_used_for_longest_goes_first() {
        let mut cache = PageCache::default();
        cache.put(1, page(BUDGET / 2));
        cache.put(2, page(BUDGET / 2));
        assert!(cache.get(1).is_some());
        cache.put(3, page(BUDGET / 2));
        assert!(cache.get(2).is_none());
        assert!(cache.get(1).is_some() && cache.get(3).is_some());
        cache.put(4, page(BUDGET * 2));
        assert!(cache.get(4).is_some() && cache.get(1).is_none());
    }
}
