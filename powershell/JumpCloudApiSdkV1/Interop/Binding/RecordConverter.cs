using System;
using System.Management.Automation;

namespace JumpCloudApiSdkV1.Interop;

/// <summary>
/// Lets anything bind to -InputObject and -Body as a <see cref="Record"/>, faults and all; it never throws.
/// </summary>
public sealed class RecordConverter : PSTypeConverter
{
    public override bool CanConvertFrom(object sourceValue, Type destinationType) => true;

    public override object ConvertFrom(
        object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        Record.Read(sourceValue);

    public override bool CanConvertTo(object sourceValue, Type destinationType) => false;

    public override object ConvertTo(
        object sourceValue, Type destinationType, IFormatProvider formatProvider, bool ignoreCase) =>
        throw new NotSupportedException();
}
