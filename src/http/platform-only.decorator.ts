import { SetMetadata } from '@nestjs/common';

export const PLATFORM_ONLY = 'waybill:platform-only';

/** Marks a controller or a route that only keys of the platform may call. */
export const PlatformOnly = () => SetMetadata(PLATFORM_ONLY, true);
