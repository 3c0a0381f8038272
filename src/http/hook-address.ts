/** A character of a token, or its percent-encoding, however often that was encoded again. */
const CHARACTER = String.raw`(?:[\w-]|%(?:25)*(?!25)[2-7][\da-f])`;
/** As `source-token.ts` makes them. */
const TOKEN = String.raw`${CHARACTER}{32}(?:\.|%(?:25)*2e)${CHARACTER}{43}`;

/** Routers take `/HOOKS/` for `/hooks/`. What stands there may be a token that was cut short. */
const PLACE_OF_TOKEN = /(\/(?:hooks|source-pages)\/)[^/?#]+/gi;
const ANY_TOKEN = new RegExp(TOKEN, 'gi');

/** A text without the secrets of the addresses that vendors call, wherever in it such an address or its secret stands. */
export const withoutHookSecret = (text: string) => text.replace(PLACE_OF_TOKEN, '$1***').replace(ANY_TOKEN, '***');

const PATH_OF_OURS = new RegExp(String.raw`/(?:hooks|source-pages)/${TOKEN}(?:/check)?/?(?:\?|$)`, 'i');

/** Whether vendors send requests there, behind whatever prefix a host has given its routes. A host may have such paths without a token. */
export const isHookAddress = (url: string) => PATH_OF_OURS.test(url);

/** What stands before them in such an address: that prefix. */
export const prefixOfHook = (url: string) => url.slice(0, Math.max(0, url.search(PATH_OF_OURS)));
