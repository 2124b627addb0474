package dev.kbmigrator.testkit;

/**
 * The rules of the SPIs, numbered as in the documentation of {@link dev.kbmigrator.spi.StateStore} and
 * {@link dev.kbmigrator.spi.Lock}. Each test checks one of them and names it when it fails.
 */
enum Rule {
    READS("rule 0, reads: reads are linearizable, and what was acknowledged survives"),
    FENCE("rule 1, the fence: a write commits only while its epochs are the newest of their scopes"),
    VERSIONS("rule 2, versions: a KB's version moves by compare-and-set, upwards, for the enrolment that was meant"),
    FLOORS("rule 3, floors: no floor is above a KB without a record"),
    PAGES("rule 4, pages: a listing loses no KB"),
    LOOKS(
            "rule 5, looks: documents are read first, then floors, then records; a thorough look reads all KBs in one pass"),
    CLOCKS("rule 6, clocks: one clock says when things happened and what is due"),
    RECORDS("rule 7, records: a KB has at most one record, with all that was written about one version"),
    DOCUMENTS("rule 8, documents: a document changes by compare-and-set, and no revision is used twice for its name"),
    TEXTS("rule 9, texts: ids are compared byte by byte, and texts come back as they were written"),
    LISTS("rule 10, lists: only a batch of writes has a limit; every other list may be longer"),

    ONE_LEASE("lock rule 1, one lease: a name has at most one live lease"),
    TTL("lock rule 2, the ttl: a lease lives for its ttl from the sending of its request, and then it ends"),
    FREE("lock rule 3, free names: a free name is acquired at once, and a name that is held is refused at once"),
    OWNER("lock rule 4, owners: a lease renews and releases only what it owns; a lost lease stays lost"),
    CERTAINTY("lock rule 5, certainty: a call that does not know its result throws"),
    TIES("lock rule 6, ties: a lease is bound to no thread, and no client acquires a name twice"),
    MANY("lock rule 7, lists: a call for many names has the results of a call for each, however many they are"),
    LOCK_CLOCK("lock rule 8, clocks: only the service's clock says when a lease ends");

    private final String text;

    Rule(String text) {
        this.text = text;
    }

    @Override
    public String toString() {
        return text;
    }
}
