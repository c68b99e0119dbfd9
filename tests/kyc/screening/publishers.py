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
