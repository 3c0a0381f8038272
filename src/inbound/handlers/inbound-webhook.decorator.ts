export const INBOUND_WEBHOOK = 'waybill:inbound-webhook';

/** Which webhooks a method takes. */
interface WebhookKind {
  readonly vendor: string;
  /** `*`: every type that no other method of the vendor takes. */
  readonly type: string;
}

/** Methods of a class with their webhooks, by the method's name. */
export type DeclaredWebhooks = ReadonlyMap<string, WebhookKind>;

/**
 * Marks the method that is given a vendor's webhooks of a type: `(body, webhook)`, the body as the class that the method
 * names for it, validated by class-validator; `webhook` is a `ReceivedWebhook`. What it returns is the answer of a source
 * that is `sync`. It may be called again with the same `webhook.idempotencyKey`. At most one method per vendor and type;
 * the start is refused otherwise.
 */
export const InboundWebhook =
  (vendor: string, type: string): MethodDecorator =>
  (target, key) => {
    const declared: DeclaredWebhooks = Reflect.getOwnMetadata(INBOUND_WEBHOOK, target.constructor) ?? new Map();
    Reflect.defineMetadata(
      INBOUND_WEBHOOK,
      new Map([...declared, [String(key), { vendor, type }]]),
      target.constructor,
    );
  };
