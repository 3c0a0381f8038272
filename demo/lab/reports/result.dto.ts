import { Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsISO8601,
  IsOptional,
  IsString,
  Length,
  Matches,
  ValidateNested,
} from 'class-validator';

class FindingDto {
  @IsString()
  @Length(1, 32)
  code!: string;

  @IsString()
  @Length(1, 200)
  name!: string;

  /** A number, or words such as "not detected". */
  @Allow()
  value!: number | string;

  @IsOptional()
  @IsString()
  unit: string | null = null;
}

class MeasuredSampleDto {
  @Matches(/^O-\d{4,}$/)
  orderId!: string;

  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => FindingDto)
  findings!: FindingDto[];
}

/** What an analyser posts when it is done with a sample. */
export class ResultReadyDto {
  @IsString()
  type!: string;

  /** When it was measured. */
  @IsISO8601()
  timestamp!: string;

  @ValidateNested()
  @Type(() => MeasuredSampleDto)
  data!: MeasuredSampleDto;
}
