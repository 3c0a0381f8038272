import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';

const MAX_PAGE_SIZE = 200;
export const DEFAULT_PAGE_SIZE = 50;

/** Which page of a list. */
export class PageQueryDto {
  /** Items on the page at the most: 1 to 200. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_PAGE_SIZE)
  limit?: number = DEFAULT_PAGE_SIZE;

  /** The `nextCursor` of the page before; none for the first page. */
  @IsOptional()
  @IsString()
  @MaxLength(512)
  cursor?: string;
}
