import { IsString, Length, Matches } from 'class-validator';

export class ReplayDto {
  /** Why it is worked on once more, for the history: 1 to 500 characters. */
  @IsString()
  @Length(1, 500)
  @Matches(/\S/, { message: 'reason must not be blank' })
  reason!: string;
}
