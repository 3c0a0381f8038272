import { Type } from 'class-transformer';
import { Allow, IsInt, IsString, Length, Matches, ValidateNested } from 'class-validator';

class PaymentMetadataDto {
  @Matches(/^B-\d{4,}$/)
  billId!: string;
}

class PaymentDto {
  @IsString()
  @Length(1, 100)
  id!: string;

  @IsInt()
  amount!: number;

  @IsString()
  currency!: string;

  @ValidateNested()
  @Type(() => PaymentMetadataDto)
  metadata!: PaymentMetadataDto;
}

class PaymentDataDto {
  @ValidateNested()
  @Type(() => PaymentDto)
  object!: PaymentDto;
}

/** An event as providers of payments post it. */
export class PaymentSucceededDto {
  @IsString()
  id!: string;

  @IsString()
  type!: string;

  @Allow()
  created!: number;

  @ValidateNested()
  @Type(() => PaymentDataDto)
  data!: PaymentDataDto;
}
