/** A character of a token, or its percent-encoding, however often that was encoded again. */
const CHARACTER = String.raw`(?:[\w-]|%(?:25)*(?!25)[2-7][\da-f])`;
/** As `source-token.ts` makes them. */
const TOKEN = String.raw`${CHARACTER}{32}(?:\.|%(?:25)*2e)${CHARACTER}{43}`;

/** Routers take `/HOOKS/` for `/hooks/`. What stands there may be a token that was cut short. */
const PLACE_OF_TOKEN = /(\/(?:hooks|source-pages)\/)[^/?#]+/gi;
const ANY_TOKEN = new RegExp(TOKEN, 'gi');

/** A text without the secrets of the addresses that vendors call, wherever in it such an address or its secret stands. */
export const withoutHookSecret = (text: string) => text.replace(PLACE_OF_TOKEN, '$1***').replace(ANY_TOKEN, '***');
