import type { IncomingMessage } from 'node:http';
import type { INestApplication } from '@nestjs/common';
import { isHookAddress } from './hook-address.js';

/** Of `express.json` or `express.urlencoded`, such as `parameterLimit`. What is not given is as Nest has it. */
export interface BodyParserOptions {
  /** Bytes, or a text such as `'1mb'`. Default: `'100kb'`. */
  readonly limit?: number | string;
  /** Which requests are parsed. Default: those of the parser's media type. */
  readonly type?: string | string[] | ((request: IncomingMessage) => unknown);
  readonly [option: string]: unknown;
}

export interface BodyParsersOptions {
  readonly json?: BodyParserOptions;
  /** `false`: forms are not parsed. The application has to be created with `bodyParser: false` then, or Nest parses them. */
  readonly urlencoded?: BodyParserOptions | false;
}

/** What Nest's application has on Express; its own types for it need those of Express. */
interface ParsingApplication {
  useBodyParser(parser: 'json' | 'urlencoded', options: BodyParserOptions): unknown;
}

/** As Express extends it. */
interface TypedRequest extends IncomingMessage {
  is?(types: string | string[]): string | false | null;
}

/**
 * Parses the bodies of the host's routes as Nest does by itself, JSON and forms, and leaves those that vendors send to
 * Waybill: signatures are over the bytes, and each source has a limit of its own. Call it before `listen`: Nest then adds no
 * such parsers of its own. A global prefix may be set before or after it.
 */
export function setUpBodyParsers(app: INestApplication, { json = {}, urlencoded = {} }: BodyParsersOptions = {}): void {
  if (!isParsing(app)) throw new TypeError('setUpBodyParsers needs an application on @nestjs/platform-express');
  app.useBodyParser('json', { ...json, type: unlessFromVendor(json.type ?? 'application/json') });
  if (!urlencoded) return;
  const { type = 'application/x-www-form-urlencoded', ...options } = urlencoded;
  app.useBodyParser('urlencoded', { extended: true, ...options, type: unlessFromVendor(type) });
}

const isParsing = (app: object): app is ParsingApplication => 'useBodyParser' in app;

const unlessFromVendor = (type: NonNullable<BodyParserOptions['type']>) => (request: TypedRequest) =>
  !isHookAddress(request.url ?? '') && Boolean(typeof type === 'function' ? type(request) : request.is?.(type));
