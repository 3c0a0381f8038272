import { Type } from 'class-transformer';
import { IsInt, IsString, Length, Matches, ValidateNested } from 'class-validator';

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

  @IsInt()
  created!: number;

  /** Counts how often the event was posted. */
  @IsInt()
  delivery!: number;

  @ValidateNested()
  @Type(() => PaymentDataDto)
  data!: PaymentDataDto;
}
