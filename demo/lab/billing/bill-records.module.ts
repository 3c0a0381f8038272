import { Module } from '@nestjs/common';
import { BillRepository } from './bill.repository.js';

/** The records alone: what the intent of a bill reads. */
@Module({ providers: [BillRepository], exports: [BillRepository] })
export class BillRecordsModule {}
