import type { ClassConstructor } from 'class-transformer';

/** The parts of a request that an authentication may add to. */
interface AuthenticableRequest {
  readonly headers: Record<string, string>;
  readonly query: URLSearchParams;
}

/** Splits what a person entered into what may be read back and what is encrypted. */
export interface SplitAuth {
  readonly settings: Record<string, string>;
  readonly secret: string | null;
}

/** One way to authenticate at a vendor. A new one is a file like this one's siblings, plus a line in `auth-kinds.ts`. */
export interface AuthKind<Input extends object = object> {
  readonly kind: string;
  /** The class-validator class of its settings and secrets as the API takes them. */
  readonly input: ClassConstructor<Input>;
  split(input: Input): SplitAuth;
  /**
   * Puts the credentials into the request and answers with them as they stand there, so that no log keeps them in that
   * form either. `secret` is what `split` gave away.
   */
  apply(request: AuthenticableRequest, settings: Readonly<Record<string, string>>, secret: string): string;
}

/** Gives each kind its own input type while the registry holds them all. */
export const defineAuthKind = <Input extends object>(kind: AuthKind<Input>): AuthKind<Input> => Object.freeze(kind);
