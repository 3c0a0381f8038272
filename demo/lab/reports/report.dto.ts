import { IsBoolean, IsString, Length } from 'class-validator';

export class SignReportDto {
  @IsString()
  @Length(1, 100)
  signedBy!: string;

  /** A scanned page goes with the report. */
  @IsBoolean()
  hasScan = false;
}
