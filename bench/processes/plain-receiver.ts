import 'reflect-metadata';
import type { IncomingMessage } from 'node:http';
import { Controller, HttpCode, Module, Post, type RawBodyRequest, Req } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { createConnection } from 'mongoose';
import { Webhook } from 'standardwebhooks';
import { serveCommands } from '../support/serve-commands.js';

/** What a host would write by hand for its webhooks: verified, inserted once by their id, acknowledged; no more than that. */

const { BENCH_MONGODB_URI = '', BENCH_SECRET = '' } = process.env;
const connection = await createConnection(BENCH_MONGODB_URI).asPromise();
const webhooks = connection.collection<{ _id: string }>('webhooks');
const verifier = new Webhook(BENCH_SECRET);

@Controller('hooks')
class ReceiverController {
  @Post()
  @HttpCode(202)
  async take(@Req() { headers, rawBody }: RawBodyRequest<IncomingMessage>): Promise<{ id: string }> {
    const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const body = verifier.verify(rawBody ?? '', Object.fromEntries(texts));
    const id = String(headers['webhook-id']);
    await webhooks.insertOne({ _id: id, ...{ receivedAt: new Date(), status: 'QUEUED', body } });
    return { id };
  }
}

@Module({ controllers: [ReceiverController] })
class ReceiverModule {}

const app = await NestFactory.create(ReceiverModule, { logger: ['error', 'warn', 'fatal'], rawBody: true });
await app.listen(0, '127.0.0.1');
serveCommands({ url: `${await app.getUrl()}/hooks` }, {}, async () => {
  await app.close();
  await connection.close();
});
