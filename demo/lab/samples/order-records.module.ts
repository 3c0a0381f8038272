import { Module } from '@nestjs/common';
import { OrderRepository } from './order.repository.js';

/** The records alone: what modules import whose intents read orders. */
@Module({ providers: [OrderRepository], exports: [OrderRepository] })
export class OrderRecordsModule {}
