import { Module } from '@nestjs/common';
import { IsNumber, IsString } from 'class-validator';
import { ActionContext, defineAction, type Intent, IntentFor, WaybillModule } from 'waybill';
import { payloadOf } from '../support/constants.js';

/** The smallest host: its records are in memory, so that what is measured is Waybill. */

class BenchContext extends ActionContext {
  @IsString()
  patientId!: string;

  /** When it was emitted, in milliseconds: the sink tells the latency by it. */
  @IsNumber()
  emittedAt!: number;
}

export const OneVendor = defineAction({ id: 57, name: 'bench.one-vendor', context: BenchContext });
export const FiveVendors = defineAction({ id: 58, name: 'bench.five-vendors', context: BenchContext });

const PAYLOAD = payloadOf({});

@IntentFor(OneVendor)
class OneVendorIntent implements Intent<BenchContext> {
  /** The constant record; with the time of the emit where that is asked for (it is 0 otherwise). */
  rebuild({ emittedAt }: BenchContext): Promise<unknown> {
    return Promise.resolve(emittedAt === 0 ? PAYLOAD : payloadOf({ emittedAt }));
  }
}

@IntentFor(FiveVendors)
class FiveVendorsIntent implements Intent<BenchContext> {
  rebuild(): Promise<unknown> {
    return Promise.resolve(PAYLOAD);
  }
}

@Module({
  imports: [
    WaybillModule.forFeature({ actions: [OneVendor, FiveVendors], intents: [OneVendorIntent, FiveVendorsIntent] }),
  ],
})
export class BenchHostModule {}
