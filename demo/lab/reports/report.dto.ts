import { IsBoolean, IsString, Length } from 'class-validator';

export class OpenReportDto {
  @IsString()
  @Length(1, 100)
  signedBy!: string;

  /** A scanned page goes with the report. */
  @IsBoolean()
  hasScan = false;
}
