import { asIntegrationId, type IntegrationId } from './ids.js';

/** Who is told of a log's statuses: the host's class for the action, or the URL that the integration names. */
export const CALLBACK_KINDS = ['class', 'url'] as const;
export type CallbackKind = (typeof CALLBACK_KINDS)[number];

/** One receiver of status callbacks, as jobs name it: `class-57`, or the id of the integration whose URL it is. */
export const RECEIVER_PATTERN = /^(class-[1-9]\d{0,9}|int_[0-9a-f]{32})$/;

export type Receiver =
  | { readonly kind: 'class'; readonly actionId: number }
  | { readonly kind: 'url'; readonly integrationId: IntegrationId };

export const receiverName = (receiver: Receiver): string =>
  receiver.kind === 'class' ? `class-${receiver.actionId}` : receiver.integrationId;

/** Takes apart what `receiverName` made. */
export const receiverOf = (name: string): Receiver =>
  name.startsWith('class-')
    ? { kind: 'class', actionId: Number(name.slice('class-'.length)) }
    : { kind: 'url', integrationId: asIntegrationId(name) };
