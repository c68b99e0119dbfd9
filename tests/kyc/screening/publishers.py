"""Short lists in the publishers' formats. The people on them do not exist."""

_NOTHING = b",-0- "
SDN = (
    b'2674,"ODUMBE, Bakari","individual","SDGT] [SDT","Director"' + 6 * _NOTHING + b',"DOB 10 Dec '
    b"1948; alt. DOB circa 1950; POB Mombasa, Kenya; nationality Kenya; a.k.a. 'THE CHESS PLAYER'; "
    b"a.k.a. 'ABU-'UMAR'.\"\n"
    b'36,"AEROVELERO AIRLINES",-0- ,"CUBA"' + 8 * _NOTHING + b"\n"
)
ALT = b'2674,12,"aka","ODUMBE BAKARI, Musa",-0- \r\n'
ADD = b'2674,25,"1 Moi Avenue","Nairobi","Kenya",-0- \r\n\x1a'

SDN_XML = b"""<?xml version="1.0" standalone="yes"?>
<sdnList xmlns="https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/XML">
  <publshInformation><Publish_Date>08/28/2026</Publish_Date><Record_Count>2</Record_Count>
  </publshInformation>
  <sdnEntry><uid>2674</uid><firstName>Bakari</firstName><lastName>ODUMBE</lastName>
    <sdnType>Individual</sdnType><programList><program>SDGT</program></programList>
    <akaList>
      <aka><uid>1</uid><type>a.k.a.</type><category>strong</category>
        <lastName>ODUMBE BAKARI</lastName><firstName>Musa</firstName></aka>
      <aka><uid>2</uid><type>a.k.a.</type><category>weak</category>
        <lastName>THE CHESS PLAYER</lastName></aka>
    </akaList>
    <citizenshipList><citizenship><uid>3</uid><country>Kenya</country></citizenship>
    </citizenshipList>
    <dateOfBirthList><dateOfBirthItem><uid>4</uid><dateOfBirth>10 Dec 1948</dateOfBirth>
      </dateOfBirthItem></dateOfBirthList>
  </sdnEntry>
  <sdnEntry><uid>36</uid><lastName>AEROVELERO AIRLINES</lastName>
    <sdnType>Entity</sdnType></sdnEntry>
</sdnList>"""

_VALUES = {
    "AreaCodeValues": '<AreaCode ID="7" Description="Uganda">UG</AreaCode>',
    "CountryValues": '<Country ID="1" ISO2="KE">Kenya</Country><Country ID="2">Somalia</Country>',
    "FeatureTypeValues": (
        '<FeatureType ID="8">Birthdate</FeatureType><FeatureType ID="9">Place of Birth'
        '</FeatureType><FeatureType ID="10">Nationality Country</FeatureType>'
        '<FeatureType ID="25">Location</FeatureType>'
    ),
    "ListValues": (
        '<List ID="1550">SDN List</List>'
        '<List ID="1551">Sectoral Sanctions Identifications List</List>'
    ),
    "NamePartTypeValues": (
        '<NamePartType ID="1520">Last Name</NamePartType>'
        '<NamePartType ID="1521">First Name</NamePartType>'
        '<NamePartType ID="1525">Entity Name</NamePartType>'
    ),
    "PartySubTypeValues": (
        '<PartySubType ID="3" PartyTypeID="2">Unknown</PartySubType>'
        '<PartySubType ID="4" PartyTypeID="1">Unknown</PartySubType>'
    ),
    "PartyTypeValues": (
        '<PartyType ID="1">Individual</PartyType><PartyType ID="2">Entity</PartyType>'
    ),
    "SanctionsTypeValues": (
        '<SanctionsType ID="1">Program</SanctionsType>'
        '<SanctionsType ID="1705">Block</SanctionsType>'
    ),
    "ScriptValues": (
        '<Script ID="160">Arabic</Script><Script ID="215" ScriptCode="Latin">Latin</Script>'
    ),
}
_LOCATIONS = """
  <Location ID="25"><LocationCountry CountryID="1"/><LocationPart LocPartTypeID="1454">
    <LocationPartValue><Value>Nairobi</Value></LocationPartValue></LocationPart></Location>
  <Location ID="26"><LocationPart LocPartTypeID="1"><LocationPartValue><Comment/>
    <Value>Tanzania</Value></LocationPartValue></LocationPart></Location>
  <Location ID="27"><LocationAreaCode AreaCodeID="7"/></Location>"""


def advanced_name(words: str, script: str = "215") -> str:
    """`ODUMBE|Bakari`: the family name first, as in the file."""
    parts = "".join(
        f'<DocumentedNamePart><NamePartValue NamePartGroupID="{group}" ScriptID="{script}">{word}'
        "</NamePartValue></DocumentedNamePart>"
        for group, word in enumerate(words.split("|"), 71)
    )
    return f'<DocumentedName ID="1">{parts}</DocumentedName>'


def advanced_alias(*names: str, primary: bool = False, weak: bool = False) -> str:
    return (
        f'<Alias AliasTypeID="1400" Primary="{str(primary).lower()}"'
        f' LowQuality="{str(weak).lower()}">{"".join(names)}</Alias>'
    )


def advanced_birth(*days: str, circa: bool = False) -> str:
    """Of the four days between which a birth lies: begins from, begins to, ends from, ends to."""
    points = [
        f"<{tag}><Year>{year}</Year><Month>{int(month)}</Month><Day>{int(day)}</Day></{tag}>"
        for tag, (year, month, day) in zip(
            ("From", "To", "From", "To"), (day.split("-") for day in days), strict=True
        )
    ]
    approximate = f'Approximate="{str(circa).lower()}"'
    return (
        '<Feature FeatureTypeID="8"><FeatureVersion><DatePeriod CalendarTypeID="1">'
        f"<Start {approximate}>{points[0]}{points[1]}</Start>"
        f"<End {approximate}>{points[2]}{points[3]}</End>"
        "</DatePeriod></FeatureVersion></Feature>"
    )


def advanced_party(
    number: int, *aliases: str, features: str = "", kind: str = "4", family: str = "1520"
) -> str:
    return f"""<DistinctParty FixedRef="{number}"><Comment/><Profile ID="{number}"
      PartySubTypeID="{kind}"><Identity ID="9{number}" Primary="true">{"".join(aliases)}
      <NamePartGroups><MasterNamePartGroup><NamePartGroup ID="71" NamePartTypeID="{family}"/>
      </MasterNamePartGroup><MasterNamePartGroup><NamePartGroup ID="72" NamePartTypeID="1521"/>
      </MasterNamePartGroup></NamePartGroups></Identity>{features}</Profile></DistinctParty>"""


def advanced_entry(number: int, *programs: str, list_id: str = "1550") -> str:
    measures = "".join(
        f'<SanctionsMeasure SanctionsTypeID="1"><Comment>{program}</Comment></SanctionsMeasure>'
        for program in programs
    )
    return (
        f'<SanctionsEntry ID="{number}" ProfileID="{number}" ListID="{list_id}"><EntryEvent>'
        "<Comment/><Date><Year>2001</Year><Month>12</Month><Day>4</Day></Date></EntryEvent>"
        f'<SanctionsMeasure SanctionsTypeID="1705"/>{measures}</SanctionsEntry>'
    )


def advanced_xml(parties: str, entries: str) -> bytes:
    values = "".join(f"<{name}>{each}</{name}>" for name, each in _VALUES.items())
    namespace = "https://sanctionslistservice.ofac.treas.gov/api/PublicationPreview/exports/"
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Sanctions xmlns="{namespace}ADVANCED_XML" Version="3">
<DateOfIssue CalendarTypeID="1"><Year>2026</Year><Month>8</Month><Day>28</Day></DateOfIssue>
<ReferenceValueSets>{values}</ReferenceValueSets><Locations>{_LOCATIONS}</Locations>
<IDRegDocuments><IDRegDocument ID="2" IdentityID="92674" IssuedBy-CountryID="2">
<IDRegistrationNo>040070827</IDRegistrationNo></IDRegDocument></IDRegDocuments>
<DistinctParties>{parties}</DistinctParties><ProfileRelationships/>
<SanctionsEntries>{entries}</SanctionsEntries></Sanctions>""".encode()


_ODUMBE = advanced_party(
    2674,
    advanced_alias(
        advanced_name("بكاري أودومبي", script="160"), advanced_name("ODUMBE|Bakari"), primary=True
    ),
    advanced_alias(advanced_name("ODUMBE BAKARI|Musa")),
    advanced_alias(advanced_name("THE CHESS PLAYER"), weak=True),
    features=(
        advanced_birth(*["1948-12-10"] * 4)
        + '<Feature FeatureTypeID="9"><FeatureVersion><VersionDetail>Mombasa, Kenya'
        "</VersionDetail></FeatureVersion></Feature>"
        + "".join(
            f'<Feature FeatureTypeID="{kind}"><FeatureVersion><VersionLocation LocationID='
            f'"{place}"/></FeatureVersion></Feature>'
            for kind, place in (("25", "25"), ("10", "26"), ("25", "27"), ("25", "404"))
        )
    ),
)
AIRLINE = advanced_party(
    36,
    advanced_alias(advanced_name("AEROVELERO AIRLINES"), primary=True),
    kind="3",
    family="1525",
)
ADVANCED_XML = advanced_xml(
    _ODUMBE + AIRLINE, advanced_entry(2674, "SDT", "SDGT") + advanced_entry(36, "CUBA")
)

EU_XML = """<?xml version="1.0" encoding="UTF-8"?>
<export xmlns="http://eu.europa.ec/fpi/fsd/export" generationDate="2026-09-01T16:47:04.449+02:00">
  <sanctionEntity euReferenceNumber="EU.1.2" logicalId="13">
    <regulation programme="TERR" logicalId="1"/>
    <subjectType code="person" classificationCode="P"/>
    <nameAlias firstName="Bakari" lastName="Odumbe" wholeName="Bakari Odumbe" strong="true"/>
    <nameAlias wholeName="Бакари Одумбе" nameLanguage="RU" strong="true"/>
    <nameAlias wholeName="Bako" strong="false"/>
    <citizenship countryIso2Code="KE" countryDescription="KENYA"/>
    <birthdate circa="true" year="1948" countryIso2Code="KE"/>
    <birthdate circa="false" birthdate="1948-12-10"/>
  </sanctionEntity>
</export>""".encode()

EU_CSV = (
    "\ufefffileGenerationDate;Entity_LogicalId;Entity_SubjectType;Entity_Regulation_Programme;"
    "NameAlias_LastName;NameAlias_FirstName;NameAlias_MiddleName;NameAlias_WholeName;"
    "BirthDate_BirthDate;BirthDate_Year;Citizenship_CountryIso2Code\n"
    "01/09/2026;13;P;TERR;Odumbe;Bakari;;Bakari Odumbe;;;\n"
    "01/09/2026;13;P;TERR;;;;Musa Odumbe Bakari;;;\n"
    "01/09/2026;13;P;TERR;;;;;1948-12-10;1948;\n"
    "01/09/2026;13;P;TERR;;;;;;;KE\n"
    "01/09/2026;14;E;SYR;;;;Bank of Velero;;;\n"
).encode()

UN_XML = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<CONSOLIDATED_LIST dateGenerated="2026-02-27T00:00:09.554Z"><INDIVIDUALS><INDIVIDUAL>
  <DATAID>6907993</DATAID><FIRST_NAME>BAKARI</FIRST_NAME><SECOND_NAME>ODUMBE</SECOND_NAME>
  <UN_LIST_TYPE>DRC</UN_LIST_TYPE><REFERENCE_NUMBER>CDi.001</REFERENCE_NUMBER>
  <NAME_ORIGINAL_SCRIPT>بكاري أودومبي</NAME_ORIGINAL_SCRIPT>
  <NATIONALITY><VALUE>Democratic Republic of the Congo</VALUE></NATIONALITY>
  <INDIVIDUAL_ALIAS><QUALITY>Good</QUALITY><ALIAS_NAME>Musa Odumbe</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY>Low</QUALITY><ALIAS_NAME>Bako</ALIAS_NAME></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_ALIAS><QUALITY/><ALIAS_NAME/></INDIVIDUAL_ALIAS>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>BETWEEN</TYPE_OF_DATE><FROM_YEAR>1946</FROM_YEAR>
    <TO_YEAR>1949</TO_YEAR></INDIVIDUAL_DATE_OF_BIRTH>
  <INDIVIDUAL_DATE_OF_BIRTH><TYPE_OF_DATE>EXACT</TYPE_OF_DATE><NOTE>Nov. 1948 </NOTE>
    </INDIVIDUAL_DATE_OF_BIRTH>
</INDIVIDUAL></INDIVIDUALS><ENTITIES><ENTITY><DATAID>110</DATAID>
  <FIRST_NAME>VELERO TRADING</FIRST_NAME>
  <ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>VELTRA</ALIAS_NAME></ENTITY_ALIAS>
</ENTITY></ENTITIES></CONSOLIDATED_LIST>""".encode()

UK_CSV = (
    "Report Date: 08-Oct-2026\n"
    "Last Updated,Unique ID,OFSI Group ID,Name 6,Name 1,Name 2,Name type,Alias strength,"
    "Name non-latin script,Regime Name,Designation Type,D.O.B,Nationality(/ies),Address Country,"
    "Last Updated\n"
    "04/08/2026,AFG1,12703,ODUMBE,Bakari,Musa,Primary Name,,Бакари Одумбе,Terrorism,Individual,"
    "00/00/1948,(1) Kenya (2) Somalia,Uganda,x\n"
    "04/08/2026,AFG1,12703,BAKO,,,Alias,Low quality,,Terrorism,Individual,10/12/1948,,,x\n"
    "04/08/2026,AFG2,12704,VELERO LTD,,,Primary Name,,,Terrorism,Entity,,,,x\n"
).encode()

UK_XML = """<?xml version="1.0" encoding="utf-8"?>
<Designations xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <DateGenerated>08/10/2026</DateGenerated>
  <Designation>
    <LastUpdated>04/08/2026</LastUpdated><DateDesignated>25/01/2001</DateDesignated>
    <UniqueID>AFG1</UniqueID><OFSIGroupID>12703</OFSIGroupID>
    <Names>
      <Name><Name6>BAKO</Name6><NameType>Alias</NameType>
        <AliasStrength>Low quality a.k.a</AliasStrength></Name>
      <Name><Name1>Bakari</Name1><Name2>Musa</Name2><Name6>ODUMBE</Name6>
        <NameType>Primary Name</NameType></Name>
      <Name><Name1>Bakary</Name1><Name6>ODUMBE</Name6>
        <NameType>Primary name variation</NameType></Name>
    </Names>
    <NonLatinNames><NonLatinName><NameNonLatinScript>Бакари Одумбе</NameNonLatinScript>
      <NonLatinScriptLanguage>Russian</NonLatinScriptLanguage></NonLatinName></NonLatinNames>
    <Titles><Title>Mullah</Title></Titles>
    <RegimeName>Terrorism</RegimeName>
    <IndividualEntityShip>Individual</IndividualEntityShip>
    <Addresses><Address><AddressLine6>Kampala</AddressLine6><AddressCountry>Uganda
      </AddressCountry></Address></Addresses>
    <IndividualDetails><Individual>
      <DOBs><DOB>dd/mm/1948</DOB><DOB>dd/11/1948</DOB><DOB>10/12/1948</DOB><DOB>15/08/19yy</DOB>
      </DOBs>
      <Nationalities><Nationality>Kenya</Nationality></Nationalities>
      <BirthDetails><Location><TownOfBirth>Merca</TownOfBirth><CountryOfBirth>Somalia
        </CountryOfBirth></Location></BirthDetails>
    </Individual></IndividualDetails>
  </Designation>
  <Designation>
    <UniqueID>AFG2</UniqueID>
    <Names><Name><Name6>VELERO LTD</Name6><NameType>Primary Name</NameType></Name></Names>
    <RegimeName>Terrorism</RegimeName><IndividualEntityShip>Entity</IndividualEntityShip>
  </Designation>
</Designations>""".encode()

CONLIST_CSV = (
    b"Last Updated,01/09/2025\n"
    b"Name 6,Name 1,Name 2,DOB,Country of Birth,Nationality,Country,Group Type,Alias Type,"
    b"Alias Quality,Regime,Group ID\n"
    b"ODUMBE,Bakari,,10/12/1948,Kenya,Kenya,,Individual,Primary name,,Terrorism,6897\n"
    b"ODUMBE,Musa,,,,,,Individual,AKA,Good quality,Terrorism,6897\n"
)

PEPS_CSV = (
    b"id,schema,name,aliases,birth_date,countries\n"
    b'Q1,Person,Bakari Odumbe,"Musa Odumbe;B. Odumbe",1948-12-10,ke;ug\n'
    b"Q2,Organization,Velero Ltd,,,\n"
)
