import { Controller, Get, Post } from '@nestjs/common';
import { Audited, NotAudited } from './audited.decorator.js';
import { requireAuditing } from './audited-routes.js';

@Controller('a')
class Fine {
  @Get()
  read(): void {}

  @Post()
  @Audited('thing.make', { subject: 'thing' })
  make(): void {}

  @Post('batch')
  @NotAudited('machine traffic: for a test')
  batch(): void {}

  ownBusiness(): void {}
}

@Controller('b')
class Silent {
  @Post()
  make(): void {}
}

describe('routes that change something', () => {
  it('are refused where they do not say how they are audited', () => {
    expect(() => requireAuditing([Fine])).not.toThrow();
    expect(() => requireAuditing([Fine, Silent])).toThrow(/Silent\.make/);
  });
});
