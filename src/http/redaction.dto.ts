import { ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, IsArray, IsString, Length, ValidateBy } from 'class-validator';
import { RE2JS } from 're2js';
import { parsePath, type RedactionSettings } from '../common/redaction-rules.js';

const accepts = (read: (text: string) => unknown) => (value: unknown) => {
  try {
    return typeof value === 'string' && read(value) !== undefined;
  } catch {
    return false;
  }
};

const IsRedactionPath = () =>
  ValidateBy(
    { name: 'isRedactionPath', validator: { validate: accepts(parsePath) } },
    {
      each: true,
      message: 'each path must start with /body, /headers, /query or /params, or with /request or /response before it',
    },
  );

const IsRe2 = () =>
  ValidateBy(
    { name: 'isRe2', validator: { validate: accepts((text) => RE2JS.compile(text)) } },
    {
      each: true,
      message: 'each pattern must be a regular expression of RE2, without look-around and back-references',
    },
  );

/** What is hidden in logs beside what always is, before anything is stored. */
export class RedactionInput implements RedactionSettings {
  /**
   * Places in what was sent and received: `/body/patient/name`, `/response/body/items/N/note`, `/headers/x-patient`,
   * `/query/name`; `/params/name` of a host's own routes. `*` stands for any one name or index, `**` for any number of them. A body that a path leads into and that
   * is no JSON is hidden as a whole.
   */
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(2, 200, { each: true })
  @IsRedactionPath()
  @ApiPropertyOptional({ type: [String] })
  paths: string[] = [];

  /** Names of members, headers, parameters and elements, in any case and without regard to `-`, `_` and `.`. */
  @IsArray()
  @ArrayMaxSize(50)
  @IsString({ each: true })
  @Length(1, 64, { each: true })
  @ApiPropertyOptional({ type: [String] })
  names: string[] = [];

  /** Regular expressions of RE2: what they match is hidden wherever it stands. */
  @IsArray()
  @ArrayMaxSize(10)
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  @IsRe2()
  @ApiPropertyOptional({ type: [String] })
  patterns: string[] = [];
}
