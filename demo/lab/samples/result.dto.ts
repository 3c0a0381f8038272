import { Type } from 'class-transformer';
import { Allow, ArrayMaxSize, IsArray, IsOptional, IsString, Length, ValidateNested } from 'class-validator';

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

/** What an analyser sends when it is done with a sample. */
export class AnalyserResultDto {
  @IsString()
  labId!: string;

  @IsString()
  orderId!: string;

  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => FindingDto)
  findings!: FindingDto[];
}
