import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsBoolean, IsString, Length, Matches } from 'class-validator';

export class RetryDto {
  /** Why it is worth another try, for the history: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;

  /** Sends the body of the last try again, where the integration allows it (`retry.allowAsSent`); else it is built from the record as it is now. */
  @IsBoolean()
  @ApiPropertyOptional({ type: 'boolean' })
  asSent = false;
}

export class ResolveDto {
  /** What was done about it, or why nothing has to be: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'note must not be blank' })
  note!: string;
}
