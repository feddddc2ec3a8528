// @ts-check
// A shared run that has no answer yet: the page is fetched again now and then, while somebody looks at it.
const EVERY = 10_000;

setInterval(() => { if (!document.hidden) location.reload(); }, EVERY);
