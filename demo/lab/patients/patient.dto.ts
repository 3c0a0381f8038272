import { IsIn, IsISO8601, IsOptional, IsString, Length } from 'class-validator';

/** A policy number is taken as it is typed: whether it is one, only the insurer knows. */
export class RegisterPatientDto {
  @IsString()
  @Length(1, 64)
  mrn!: string;

  @IsString()
  @Length(1, 100)
  given!: string;

  @IsString()
  @Length(1, 100)
  family!: string;

  @IsISO8601({ strict: true })
  birthDate!: string;

  @IsIn(['female', 'male', 'other', 'unknown'])
  sex!: string;

  @IsOptional()
  @IsString()
  @Length(3, 32)
  phone: string | null = null;

  @IsString()
  @Length(1, 32)
  policyNumber!: string;
}

export class CorrectPatientDto {
  @IsOptional()
  @IsString()
  @Length(3, 32)
  phone?: string;

  @IsOptional()
  @IsString()
  @Length(1, 32)
  policyNumber?: string;
}
