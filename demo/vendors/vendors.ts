import { Analyser } from './analyser.vendor.js';
import { CRM } from './crm.vendor.js';
import { DOCTOR_PORTAL } from './doctor-portal.vendor.js';
import { EHR } from './ehr.vendor.js';
import { INSURER } from './insurer.vendor.js';
import { PaymentProvider } from './payment-provider.vendor.js';
import { REGISTRY } from './registry.vendor.js';
import { SMS_GATEWAY } from './sms-gateway.vendor.js';
import { TRACKING_BOARD } from './tracking-board.vendor.js';
import { VendorServer } from './vendor-server.js';
import type { WebhookSender } from './webhook-sender.js';

/** All vendors of the demo, each an HTTP server of its own. A new one is a file beside these and a line here. */
export class Vendors {
  readonly ehr = new VendorServer(EHR);
  readonly crm = new VendorServer(CRM);
  readonly insurer = new VendorServer(INSURER);
  readonly sms = new VendorServer(SMS_GATEWAY);
  readonly board = new VendorServer(TRACKING_BOARD);
  readonly portal = new VendorServer(DOCTOR_PORTAL);
  readonly registry = new VendorServer(REGISTRY);
  readonly analyser = new Analyser();
  readonly payments = new PaymentProvider();
  readonly all: readonly VendorServer[] = [
    this.ehr,
    this.crm,
    this.insurer,
    this.sms,
    this.board,
    this.portal,
    this.registry,
    this.analyser.server,
    this.payments.server,
  ];
  /** Those who call the labs too. */
  readonly senders: readonly WebhookSender[] = [this.analyser.sender, this.payments.sender];

  async listen(): Promise<void> {
    await Promise.all(this.all.map((vendor) => vendor.listen()));
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((vendor) => vendor.close()));
  }
}
