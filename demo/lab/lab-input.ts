import { ValidationPipe } from '@nestjs/common';

/** Bodies of the lab's own HTTP API: read by their classes, unknown fields refused. */
export const LAB_INPUT = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });
