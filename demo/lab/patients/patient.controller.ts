import { Body, Controller, Param, Patch, Post } from '@nestjs/common';
import { LAB_INPUT } from '../lab-input.js';
import { CorrectPatientDto, RegisterPatientDto } from './patient.dto.js';
import { PatientService } from './patient.service.js';

/** The lab's own HTTP API for patients. */
@Controller('lab/:labId/patients')
export class PatientController {
  constructor(private readonly patients: PatientService) {}

  @Post()
  register(@Param('labId') labId: string, @Body(LAB_INPUT) body: RegisterPatientDto) {
    return this.patients.register(labId, body, 'api');
  }

  @Patch(':id')
  correct(@Param('labId') labId: string, @Param('id') id: string, @Body(LAB_INPUT) body: CorrectPatientDto) {
    const { phone, policyNumber } = body;
    return this.patients.correct(labId, id, {
      ...(phone === undefined ? {} : { phone }),
      ...(policyNumber === undefined ? {} : { policyNumber }),
    });
  }
}
