# The codes stand in three places: the library's header, the error categories and the about topic.

[Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseDeclaredVarsMoreThanAssignments', '', Justification = 'Variables that BeforeAll sets are read in It.')]
param()

BeforeAll {
    Import-Module "$PSScriptRoot/TestHelper.psm1" -Force
    Import-TestModule
    $code = '(?<code>[A-Z][A-Za-z]+(\.[A-Z][A-Za-z]+)?)(?<star> \*)?'

    # The codes in these lines, with a star where they stop the batch.
    function Read-Code([string]$Text, [string]$Line) {
        @([regex]::Matches($Text, "(?m)$Line") | ForEach-Object { $_.Groups['code'].Value + $_.Groups['star'].Value } | Sort-Object)
    }
    $header = [IO.File]::ReadAllText("$PSScriptRoot/../../include/jcsdk.h") -replace '\r'
    $list = [regex]::Match($header, '(?s)\n \* Codes never change.+?\n \*\n(.+?)\n \*\n').Groups[1].Value
    $inHeader = Read-Code $list "^ \*   $code +\S"

    $about = [IO.File]::ReadAllText("$(Get-ModulePath)/en-US/about_JumpCloudApiSdkV1.help.txt") -replace '\r'
    $list = [regex]::Match($about, '(?s)\nERROR IDS\n(.+?)\n    \* everyone').Groups[1].Value
    $inAbout = Read-Code $list "^      $code( +\S|$)"

    $type = [JumpCloudApiSdkV1.Interop.ResetRun].Assembly.GetType('JumpCloudApiSdkV1.Interop.ErrorCategories')
    $categories = $type.GetField('ByCode', [Reflection.BindingFlags]'NonPublic, Static').GetValue($null)
}

Describe 'Each code' {
    It 'of the header was found, with the first and the last' {
        $inHeader.Count | Should -BeGreaterThan 30
        foreach ($one in 'Argument.Invalid', 'Auth.Refused *', 'NotTried', 'Internal.Panic') { $inHeader | Should -Contain $one }
    }

    It 'stands in the about topic, beside those that only the module has' {
        $own = 'Confirmation.NotPossible', 'Library.Missing', 'Library.Unusable'
        $inAbout | Should -Be @($inHeader + $own | Sort-Object)
    }

    It 'has an error category' {
        @($categories.Keys | Sort-Object) | Should -Be @($inHeader -replace ' \*' | Sort-Object)
    }

    It 'that is not known here has no category' {
        $type.GetMethod('Of', [Reflection.BindingFlags]'NonPublic, Static').Invoke($null, @('Not.Known')) | Should -Be 'NotSpecified'
    }
}
