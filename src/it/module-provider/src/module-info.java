module acme.migrations {
    requires dev.kbmigrator;

    opens acme.migrations.checkpoints to
            com.fasterxml.jackson.databind;

    provides dev.kbmigrator.Migration with
            acme.migrations.M0001_CountPages;
}
