// @ts-check
// What is chosen on a page stands in its address: a link shows what its sender saw.

/** @param {string} name @returns {string} '' where the address has none */
export const told = name => new URLSearchParams(location.search).get(name) ?? '';

/** Writes what is chosen into the address; an empty value takes a name out of it. @param {Record<string, string>} chosen */
export function tell(chosen) {
  const address = new URL(location.href);
  for (const [name, value] of Object.entries(chosen)) {
    if (value) address.searchParams.set(name, value);
    else address.searchParams.delete(name);
  }
  history.replaceState(null, '', address);
}
