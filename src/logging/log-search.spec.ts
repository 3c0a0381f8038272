import { asTenantId } from '../common/ids.js';
import { planOf, readLogSearch } from './log-search.js';

describe('the plan of a search', () => {
  it('looks up the word first that is likely to be in the fewest messages', () => {
    const { filter } = planOf(asTenantId('lab-1'), readLogSearch({ text: 'of unknown patient P-1042' }));
    expect(filter).toMatchObject({ errorKeys: { $all: ['word=1042', 'word=unknown', 'word=patient', 'word=of'] } });
  });
});
